// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// The side that is called: bind, listen, accept.

import GreenletHub

extension Socket {
    /// Creates a socket that listens.
    ///
    /// Not a switch point.
    ///
    /// - Parameters:
    ///   - address: Where; port 0 takes any free one, which `localAddress` tells.
    ///   - backlog: How many connections may wait to be accepted; the system caps it (net.core.somaxconn).
    ///   - reuseAddress: Whether a port may be taken that the connections of an earlier server still occupy.
    ///   - reusePort: Whether several sockets may listen there, to share the connections.
    /// - Returns: A listening socket.
    /// - Throws: `SocketError` with `.addressInUse`, `.addressNotAvailable`, `.permissionDenied` and the like.
    ///
    /// gevent: `gevent.socket.create_server`, `gevent.baseserver._tcp_listener`.
    public static func listen(
        on address: SocketAddress,
        backlog: Int = 1024,
        reuseAddress: Bool = true,
        reusePort: Bool = false
    ) throws(SocketError) -> Socket {
        let socket = try Socket(family: address.family)
        do throws(SocketError) {
            if reuseAddress, address.family != .unix { try socket.setOption(.reuseAddress, to: true) }
            if reusePort { try socket.setOption(.reusePort, to: true) }
            try socket.bind(to: address)
            try socket.listen(backlog: backlog)
            return socket
        } catch {
            socket.close()
            throw error.during(.listen, address)  // which of the steps it was, is nothing to the user
        }
    }

    /// Gives the socket an address of its own.
    ///
    /// Not a switch point.
    ///
    /// - Parameter address: Which; port 0 takes any free one. The path of a Unix socket must not exist yet.
    /// - Throws: `SocketError` with `.addressInUse`, `.addressNotAvailable`, `.permissionDenied`, `.alreadyInUse`.
    ///
    /// gevent: `socket.bind`. POSIX: `bind(2)`.
    public func bind(to address: SocketAddress) throws(SocketError) {
        hub.checkThread("bind", self)
        do throws(Errno) {
            try SystemCalls.bind(descriptor, address)
        } catch {
            throw descriptor < 0 ? closed(.bind) : SocketError(error, .bind, address)
        }
    }

    /// Begins to take connections in, for `accept(timeout:)`.
    ///
    /// Not a switch point.
    ///
    /// - Parameter backlog: How many may wait to be accepted; the system caps it (net.core.somaxconn).
    /// - Throws: `SocketError` with `.addressInUse`, `.alreadyInUse` or `.closed`.
    ///
    /// gevent: `socket.listen`. POSIX: `listen(2)`.
    public func listen(backlog: Int = 1024) throws(SocketError) {
        hub.checkThread("listen", self)
        do throws(Errno) {
            try SystemCalls.listen(descriptor, CInt(clamping: max(0, backlog)))
        } catch {
            throw failure(error, .listen)
        }
    }

    /// Waits for the next connection.
    ///
    /// Switch point.
    ///
    /// Connections that were given up by their peers before this are skipped.
    ///
    /// - Parameter timeout: At most how long; nil means the socket's own limit.
    /// - Returns: The connected socket, and who is at its other end.
    /// - Throws: `SocketError` with `.tooManyDescriptors` or `.outOfMemory` (the connection then stays in the queue),
    ///   `.timedOut`, `.closed`; `GreenletError` with `.concurrentUse` if another greenlet accepts; whatever the greenlet
    ///   is killed with.
    ///
    /// gevent: `socket.accept`. POSIX: `accept4(2)`.
    public func accept(timeout: Duration? = nil) throws -> (socket: Socket, peer: SocketAddress) {
        try begin("accept")
        var limit = TimeLimit(timeout ?? self.timeout)
        var isInTime = true
        while true {
            if let accepted = try acceptNow() { return accepted }
            if !isInTime { throw timedOut(.accept, limit) }
            isInTime = try wait(.read, .accept, until: limit.start())
        }
    }

    /// The next connection of the queue; nil if there is none.
    func acceptNow() throws(SocketError) -> (socket: Socket, peer: SocketAddress)? {
        do throws(Errno) {
            let (accepted, peer) = try SystemCalls.accept(descriptor)
            hub.immediateSuccesses.pointee &+= 1
            return (Socket(owning: accepted, family), peer ?? SocketAddress(.unix("")))
        } catch {
            if error.isWouldBlock { return nil }
            throw failure(error, .accept)
        }
    }
}
