// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// A stream socket that reads like a blocking one: what it owns, and how it ends.

import Glibc
import GreenletHub

/// A stream socket, TCP over IPv4 or IPv6 or a Unix socket, whose calls look blocking and stop only their greenlet.
///
/// Each call tries first and waits only if it must, so one that has data at hand doesn't switch. (After many such calls
/// in a row it does, to let others run.) One greenlet may read while another writes; a second reader or writer gets an
/// error that names both.
///
/// ```swift
/// let socket = try Socket.connect(host: "localhost", port: 8888, timeout: .seconds(5))
/// defer { socket.close() }
/// try socket.sendAll("hello")
/// print(String(decoding: try socket.recv(maxBytes: 1024), as: UTF8.self))
/// ```
///
/// It belongs to the thread that made it. A socket that is dropped, on whatever thread, is closed.
///
/// gevent: `gevent.socket.socket`.
public final class Socket {
    let hub: Hub
    /// What kind of addresses it has.
    public let family: SocketAddress.Family

    // Hot fields. Safe because only the hub's thread touches them, and never across a switch.
    /// Below zero once closed.
    @exclusivity(unchecked) var descriptor: CInt
    /// Whether there is nothing to read until the poller says so: the last read took less than it could have.
    @exclusivity(unchecked) var isDrained = false
    /// Made at the first wait, and armed from then on.
    @exclusivity(unchecked) var poller: Poller?
    /// What `readable` and `writable` have returned, while somebody holds it.
    weak var knownReadable: SocketReadiness?
    weak var knownWritable: SocketReadiness?

    /// At most how long each call waits that has no limit of its own; nil, as at first, means for ever.
    ///
    /// gevent: `socket.settimeout`.
    @exclusivity(unchecked) public var timeout: Duration?

    /// Creates a socket that is neither bound nor connected.
    ///
    /// Not a switch point.
    ///
    /// `connect(host:port:timeout:)` and `listen(on:backlog:reuseAddress:)` do all the steps in one.
    ///
    /// - Parameter family: Of which kind its addresses will be.
    /// - Throws: `SocketError` with `.tooManyDescriptors`, `.outOfMemory` or `.notSupported`.
    ///
    /// gevent: `gevent.socket.socket`. POSIX: `socket(2)`.
    public convenience init(family: SocketAddress.Family) throws(SocketError) {
        do throws(Errno) {
            self.init(owning: try SystemCalls.openStream(family.number), family)
        } catch {
            throw SocketError(error, .open)
        }
    }

    /// Takes over a descriptor, which becomes non-blocking and belongs to this socket alone.
    ///
    /// Not a switch point.
    ///
    /// - Parameter descriptor: Of a stream socket; bound, listening or connected as may be.
    /// - Throws: `SocketError` with `.closed` or `.notSupported` if it is none. Then it still is the caller's.
    ///
    /// gevent: `gevent.socket.fromfd`, which duplicates it.
    public convenience init(takingOver descriptor: CInt) throws(SocketError) {
        let address: SocketAddress?
        do throws(Errno) {
            address = try SystemCalls.address(descriptor, .local)
            try SystemCalls.setNonBlocking(descriptor)
        } catch {
            throw SocketError(error, .open)
        }
        guard let address else {
            throw SocketError(.notSupported, .open, text: "descriptor \(descriptor) is of an unknown family")
        }
        self.init(owning: descriptor, address.family)
    }

    /// Takes a descriptor that is non-blocking already.
    init(owning descriptor: CInt, _ family: SocketAddress.Family) {
        hub = Hub.current
        self.descriptor = descriptor
        self.family = family
    }

    deinit { abandon() }

    /// The number of the descriptor; below zero once closed.
    ///
    /// Wait for it with this socket's calls only: the hub watches it.
    ///
    /// gevent: `socket.fileno()`.
    public var fileDescriptor: CInt { descriptor }

    /// Whether `close()` was called.
    public var isClosed: Bool { descriptor < 0 }

    /// Closes the socket.
    ///
    /// Whoever waits for it gets a `SocketError` with `.closed`. Not a switch point.
    ///
    /// Done at once, and once: later calls do nothing. What was sent is still delivered, unless the peer's bytes lie
    /// here unread; then it is reset, as TCP wants.
    ///
    /// gevent: `socket.close`. POSIX: `close(2)`.
    public func close() {
        guard descriptor >= 0 else { return }
        hub.checkThread("close", self)
        let closing = descriptor
        descriptor = -1
        hub.forget(closing)  // first: a watched descriptor must not become somebody else's
        poller = nil
        SystemCalls.close(closing)
    }

    /// The end of a socket that nobody closed.
    private func abandon() {
        guard descriptor >= 0 else { return }
        if poller != nil, !hub.isHere {
            // On another thread, or its hub has ended: the hub that watches it closes it, if there is one.
            let (hub, closing) = (hub, descriptor)
            let isSubmitted = hub.submit {
                hub.forget(closing)
                SystemCalls.close(closing)
            }
            if !isSubmitted { SystemCalls.close(closing) }
            return
        }
        guard let poller, !poller.isClosed else {
            // Somebody may wait for it by its number.
            if Hub.ifPresent === hub { hub.forget(descriptor) }
            return SystemCalls.close(descriptor)
        }
        close()
    }
}

extension Socket: CustomStringConvertible {
    /// `Socket 7 (127.0.0.1:8888 to 127.0.0.1:40000)`.
    public var description: String {
        guard descriptor >= 0 else { return "Socket (closed)" }
        let local = (try? SystemCalls.address(descriptor, .local)).map { $0?.description ?? "?" } ?? "?"
        guard let peer = try? SystemCalls.address(descriptor, .peer) else { return "Socket \(descriptor) (\(local))" }
        return "Socket \(descriptor) (\(local) to \(peer))"
    }
}

@available(*, unavailable)
extension Socket: Sendable {}
