// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Writing: try first, wait for room if there is none.

import GreenletHub

extension Socket {
    /// Sends what fits now, maybe nothing.
    ///
    /// Not a switch point.
    ///
    /// For whoever lends memory to several greenlets: what this doesn't take can be copied before anybody else runs.
    ///
    /// - Parameter bytes: What to send.
    /// - Returns: How many of them were taken; 0 if there is no room.
    /// - Throws: `SocketError` with `.brokenPipe`, `.connectionReset`, `.notConnected`, `.closed`.
    ///
    /// POSIX: `send(2)` with `MSG_DONTWAIT`.
    public func trySend(_ bytes: UnsafeRawBufferPointer) throws(SocketError) -> Int {
        hub.checkThread("trySend", self)
        return try sendNow(bytes)
    }

    /// Waits until there is room, and sends what fits.
    ///
    /// Switch point.
    ///
    /// - Parameters:
    ///   - bytes: What to send; they must stay as they are until this returns.
    ///   - timeout: At most how long to wait for room; nil means the socket's own limit.
    /// - Returns: How many of them were taken: at least one, unless there are none.
    /// - Throws: `SocketError` with `.timedOut`, `.brokenPipe`, `.connectionReset`, `.notConnected`, `.closed`;
    ///   `GreenletError` with `.concurrentUse` if another greenlet waits to write; whatever the greenlet is killed with.
    ///
    /// gevent: `socket.send`. POSIX: `send(2)`.
    public func send(_ bytes: UnsafeRawBufferPointer, timeout: Duration? = nil) throws -> Int {
        try begin("send")
        if bytes.isEmpty { return 0 }
        var limit = TimeLimit(timeout ?? self.timeout)
        var isInTime = true
        while true {
            let sent = try sendNow(bytes)
            if sent > 0 { return sent }
            if !isInTime { throw timedOut(.send, limit) }
            isInTime = try wait(.write, .send, until: limit.start())
        }
    }

    /// Waits until there is room, and sends what fits.
    ///
    /// Switch point.
    ///
    /// - Parameters:
    ///   - bytes: What to send.
    ///   - timeout: At most how long to wait for room; nil means the socket's own limit.
    /// - Returns: How many of them were taken: at least one, unless there are none.
    /// - Throws: As `send(_:timeout:)` for raw memory.
    ///
    /// gevent: `socket.send`. POSIX: `send(2)`.
    public func send(_ bytes: [UInt8], timeout: Duration? = nil) throws -> Int {
        try begin("send")
        if bytes.isEmpty { return 0 }
        var limit = TimeLimit(timeout ?? self.timeout)
        var isInTime = true
        while true {
            let sent = try sendNow(bytes, from: 0)
            if sent > 0 { return sent }
            if !isInTime { throw timedOut(.send, limit) }
            isInTime = try wait(.write, .send, until: limit.start())
        }
    }

    /// Sends all bytes, waiting as often as there is no room.
    ///
    /// Switch point.
    ///
    /// - Parameters:
    ///   - bytes: What to send; they must stay as they are until this returns.
    ///   - timeout: At most how long all of it may take; nil means the socket's own limit.
    /// - Throws: As `send(_:timeout:)`; the `SocketError` tells in `bytesSent` how far it came.
    ///
    /// gevent: `socket.sendall`. POSIX: `send(2)`.
    public func sendAll(_ bytes: UnsafeRawBufferPointer, timeout: Duration? = nil) throws {
        try begin("sendAll")
        let sent = bytes.isEmpty ? 0 : try sendNow(bytes)
        if sent == bytes.count { return }
        let limit = TimeLimit(timeout ?? self.timeout)
        try sendRest(from: sent, of: bytes.count, limit) { start throws(SocketError) in
            try sendNow(UnsafeRawBufferPointer(rebasing: bytes[start...]))
        }
    }

    /// Sends all bytes, waiting as often as there is no room.
    ///
    /// Switch point.
    ///
    /// - Parameters:
    ///   - bytes: What to send.
    ///   - timeout: At most how long all of it may take; nil means the socket's own limit.
    /// - Throws: As `send(_:timeout:)`; the `SocketError` tells in `bytesSent` how far it came.
    ///
    /// gevent: `socket.sendall`. POSIX: `send(2)`.
    public func sendAll(_ bytes: [UInt8], timeout: Duration? = nil) throws {
        try begin("sendAll")
        let sent = bytes.isEmpty ? 0 : try sendNow(bytes, from: 0)
        if sent == bytes.count { return }
        let limit = TimeLimit(timeout ?? self.timeout)
        try sendRest(from: sent, of: bytes.count, limit) { start throws(SocketError) in try sendNow(bytes, from: start)
        }
    }

    /// Sends all bytes of a text in UTF-8, or of any other collection, as `sendAll(_:timeout:)` does.
    ///
    /// Switch point.
    ///
    /// - Parameters:
    ///   - bytes: What to send.
    ///   - timeout: At most how long all of it may take; nil means the socket's own limit.
    /// - Throws: As `sendAll(_:timeout:)` for an array.
    ///
    /// gevent: `socket.sendall`. POSIX: `send(2)`.
    @_disfavoredOverload
    public func sendAll(_ bytes: some Sequence<UInt8>, timeout: Duration? = nil) throws {
        try sendAll(Array(bytes), timeout: timeout)
    }

    /// Sends a text in UTF-8, as `sendAll(_:timeout:)` does.
    ///
    /// Switch point.
    ///
    /// - Parameters:
    ///   - text: What to send.
    ///   - timeout: At most how long all of it may take; nil means the socket's own limit.
    /// - Throws: As `sendAll(_:timeout:)` for an array.
    ///
    /// gevent: `socket.sendall`. POSIX: `send(2)`.
    public func sendAll(_ text: String, timeout: Duration? = nil) throws {
        try sendAll(Array(text.utf8), timeout: timeout)
    }

    /// The slow way of `sendAll`: the kernel's buffer is full.
    ///
    /// It waits only after the kernel has said so: then, and only then, it reports when there is room again.
    ///
    /// No pointer into an array is held while it waits.
    @inline(never)
    private func sendRest(
        from start: Int,
        of count: Int,
        _ limit: TimeLimit,
        _ attempt: (Int) throws(SocketError) -> Int
    ) throws {
        var limit = limit
        var sent = start
        do {
            var isInTime = true
            while sent < count {
                let taken = try attempt(sent)
                sent += taken
                if taken > 0 {
                    if hub.immediateSuccesses.pointee >= Hub.immediateLimit { try hub.yieldAfterImmediateSuccesses() }
                    continue
                }
                if !isInTime { throw timedOut(.send, limit) }
                isInTime = try wait(.write, .send, until: limit.start())
            }
        } catch let error as SocketError {
            throw error.afterSending(sent)
        }
    }

    /// Sends what fits; 0 if nothing does.
    @inline(__always)
    private func sendNow(_ bytes: UnsafeRawBufferPointer) throws(SocketError) -> Int {
        do throws(Errno) {
            let sent = try SystemCalls.send(descriptor, bytes)
            hub.immediateSuccesses.pointee &+= 1
            return sent
        } catch {
            if error.isWouldBlock { return 0 }
            throw failure(error, .send)
        }
    }

    private func sendNow(_ bytes: [UInt8], from start: Int) throws(SocketError) -> Int {
        try bytes.withUnsafeBufferPointer { (all) throws(SocketError) in
            try sendNow(UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(all)[start...]))
        }
    }
}
