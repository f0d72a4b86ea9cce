// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Connecting: one address, or each of a host's addresses until one answers.

import Glibc
import GreenletHub

extension Socket {
    /// Connects to a host: looks its name up, and tries each of its addresses.
    ///
    /// Switch point.
    ///
    /// - Parameters:
    ///   - host: A name, or an address in digits.
    ///   - port: From 1 to 65535.
    ///   - timeout: At most how long all of it may take; nil means as long as the system tries.
    /// - Returns: A connected socket.
    /// - Throws: `SocketError` as `SocketAddress.resolve` and `connect(to:timeout:)` do; whatever the greenlet is killed
    ///   with. No descriptor is left open.
    ///
    /// gevent: `gevent.socket.create_connection`.
    public static func connect(host: String, port: Int, timeout: Duration? = nil) throws -> Socket {
        var limit = TimeLimit(timeout)
        let addresses = try SocketAddress.resolve(host: host, port: port, timeout: limit.remaining())
        return try connect(toAnyOf: addresses, timeout: limit.remaining())
    }

    /// Connects to the first of several addresses that answers.
    ///
    /// Switch point.
    ///
    /// - Parameters:
    ///   - addresses: Which to try, in this order.
    ///   - timeout: At most how long all of it may take; nil means as long as the system tries.
    /// - Returns: A connected socket.
    /// - Throws: The `SocketError` of the last address if none answers; whatever the greenlet is killed with. No
    ///   descriptor is left open.
    ///
    /// gevent: `gevent.socket.create_connection`.
    public static func connect(toAnyOf addresses: [SocketAddress], timeout: Duration? = nil) throws -> Socket {
        var limit = TimeLimit(timeout)
        var last = SocketError(.invalidAddress, .connect, text: "can't connect: there is no address to try")
        for address in addresses {
            do {
                return try connect(to: address, timeout: limit.remaining())
            } catch let error as SocketError {
                last = error
            }
        }
        throw last
    }

    /// Connects a new socket.
    ///
    /// Switch point.
    ///
    /// - Parameters:
    ///   - address: Whom to.
    ///   - timeout: At most how long; nil means as long as the system tries.
    /// - Returns: A connected socket.
    /// - Throws: As the method `connect(to:timeout:)`. No descriptor is left open.
    ///
    /// gevent: `gevent.socket.create_connection`.
    public static func connect(to address: SocketAddress, timeout: Duration? = nil) throws -> Socket {
        let socket = try Socket(family: address.family)
        do {
            try socket.connect(to: address, timeout: timeout)
            return socket
        } catch {
            socket.close()
            throw error
        }
    }

    /// Connects this socket.
    ///
    /// Switch point.
    ///
    /// - Parameters:
    ///   - address: Whom to.
    ///   - timeout: At most how long; nil means the socket's own limit.
    /// - Throws: `SocketError` with `.connectionRefused`, `.unreachable`, `.timedOut`, `.alreadyInUse`, `.closed`;
    ///   whatever the greenlet is killed with. The socket is of no use then: close it.
    ///
    /// gevent: `socket.connect`. POSIX: `connect(2)`.
    public func connect(to address: SocketAddress, timeout: Duration? = nil) throws {
        try begin("connect")
        var limit = TimeLimit(timeout ?? self.timeout)
        var isInTime = true
        while true {
            let progress = try connectNow(address)
            if progress == .connected { return }
            if !isInTime { throw SocketError(timedOut: .connect, address, after: limit.duration) }
            if progress == .queueFull {
                isInTime = try waitForQueue(until: limit.start())
            } else {
                isInTime = try wait(.write, .connect, until: limit.start())
            }
        }
    }

    private func connectNow(_ address: SocketAddress) throws(SocketError) -> SystemCalls.ConnectProgress {
        if descriptor < 0 { throw closed(.connect) }
        do throws(Errno) {
            // What became of an attempt that is under way is told once, here.
            let failed = try SystemCalls.option(descriptor, SOL_SOCKET, SO_ERROR)
            if failed != 0 { throw Errno(failed) }
            return try SystemCalls.connect(descriptor, address)
        } catch {
            throw SocketError(error, .connect, address)
        }
    }

    /// A Unix socket's listener has no room in its queue, and nothing tells when it has: asks again soon.
    private func waitForQueue(until deadline: Deadline?) throws -> Bool {
        try sleep(.milliseconds(2))
        return deadline.map { Deadline.now < $0 } ?? true
    }
}
