// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// One connection of a server: its socket, its greenlet, and its place in the server's list.

import GreenletHub

/// Owned by the greenlet that serves it; the server's list only points to it.
///
/// However that greenlet ends (returns, throws, is killed, or never gets a stack), this is let go of, and the socket is
/// closed and the place in the list freed at the latest then.
final class Connection {
    private let server: StreamServer
    let socket: Socket
    private let peer: SocketAddress
    /// Whoever serves it.
    ///
    /// Forgotten at the end, for it holds this in turn.
    private(set) var greenlet: AnyGreenlet?
    /// Where it is in the server's list; below zero once it has ended.
    var index = -1

    init(_ server: StreamServer, _ socket: Socket, _ peer: SocketAddress) {
        self.server = server
        self.socket = socket
        self.peer = peer
        server.add(self)
    }

    deinit { end() }

    /// Serves it in a greenlet of its own.
    func start() {
        greenlet = spawn { [self] in
            defer { end() }
            try server.handler(socket, peer)
        }
    }

    private func end() {
        guard index >= 0 else { return }
        socket.close()
        greenlet = nil
        server.remove(self)
    }
}
