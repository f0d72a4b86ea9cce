// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Reading: try first; but a socket that was just drained is waited for at once.

import GreenletHub

extension Socket {
    /// Waits until bytes are there, and reads what is into the caller's memory.
    ///
    /// Switch point.
    ///
    /// The way without any allocation. The memory is written to only when the call is about to return, so several
    /// greenlets may lend the same memory, if each is done with it before its next switch point.
    ///
    /// - Parameters:
    ///   - buffer: Where to; at most its size is read.
    ///   - timeout: At most how long to wait for the first byte; nil means the socket's own limit.
    /// - Returns: How many bytes; 0 at the end, when the peer sends no more, and for an empty buffer.
    /// - Throws: `SocketError` with `.timedOut`, `.connectionReset`, `.closed`; `GreenletError` with `.concurrentUse` if
    ///   another greenlet reads; whatever the greenlet is killed with. Nothing is lost in any case.
    ///
    /// gevent: `socket.recv_into`. POSIX: `recv(2)`.
    public func recv(into buffer: UnsafeMutableRawBufferPointer, timeout: Duration? = nil) throws -> Int {
        try begin("recv")
        if buffer.isEmpty { return 0 }
        if let limit = timeout ?? self.timeout { return try receive(buffer, within: limit) }
        // The way of an idle connection: in this very function, so that it keeps one frame on its stack and not two.
        if !isDrained, let count = try receiveNow(buffer) { return count }
        while true {
            _ = try wait(.read, .receive, until: nil)
            isDrained = false
            if let count = try receiveNow(buffer) { return count }
        }
    }

    @inline(never)
    private func receive(_ buffer: UnsafeMutableRawBufferPointer, within limit: Duration) throws -> Int {
        if !isDrained, let count = try receiveNow(buffer) { return count }
        var limit = TimeLimit(limit)
        while true {
            let isInTime = try wait(.read, .receive, until: limit.start())
            isDrained = false
            if let count = try receiveNow(buffer) { return count }
            if !isInTime { throw timedOut(.receive, limit) }
        }
    }

    /// Waits until bytes are there, and reads what is.
    ///
    /// Switch point.
    ///
    /// Memory is taken only when there is something to read.
    ///
    /// - Parameters:
    ///   - maxBytes: At most how many.
    ///   - timeout: At most how long to wait for the first byte; nil means the socket's own limit.
    /// - Returns: The bytes; none at the end, when the peer sends no more.
    /// - Throws: As `recv(into:timeout:)`.
    /// - Precondition: `maxBytes` is not negative.
    ///
    /// gevent: `socket.recv`. POSIX: `recv(2)`.
    public func recv(maxBytes: Int, timeout: Duration? = nil) throws -> [UInt8] {
        precondition(maxBytes >= 0, "recv of \(maxBytes) bytes")
        try begin("recv")
        if maxBytes == 0 { return [] }
        if !isDrained, let bytes = try receiveNow(maxBytes) { return bytes }
        var limit = TimeLimit(timeout ?? self.timeout)
        while true {
            let isInTime = try wait(.read, .receive, until: limit.start())
            isDrained = false
            if let bytes = try receiveNow(maxBytes) { return bytes }
            if !isInTime { throw timedOut(.receive, limit) }
        }
    }

    /// Reads what is there; nil if nothing is, yet.
    @inline(__always)
    private func receiveNow(_ buffer: UnsafeMutableRawBufferPointer) throws(SocketError) -> Int? {
        do throws(Errno) {
            let count = try SystemCalls.receive(descriptor, buffer)
            // Less than could have been read: nothing is left, unless the end was reported, or bytes come in portions.
            isDrained = count < buffer.count && count > 0 && family != .unix && poller?.wasUneven != true
            hub.immediateSuccesses.pointee &+= 1
            return count
        } catch {
            if !error.isWouldBlock { throw failure(error, .receive) }
            isDrained = true
            return nil
        }
    }

    private func receiveNow(_ maxBytes: Int) throws(SocketError) -> [UInt8]? {
        var failed: SocketError?
        var received: Int?
        let bytes = [UInt8](unsafeUninitializedCapacity: maxBytes) { buffer, count in
            do throws(SocketError) {
                received = try receiveNow(UnsafeMutableRawBufferPointer(buffer))
                count = received ?? 0
            } catch {
                failed = error
            }
        }
        if let failed { throw failed }
        guard let received else { return nil }
        // A short message doesn't keep a long buffer.
        return maxBytes - received > 1024 ? bytes.withUnsafeBytes(Array.init) : bytes
    }
}
