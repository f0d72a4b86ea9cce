// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Names become addresses: off the thread, and only if they are names.

import Glibc
import GreenletHub

extension SocketAddress {
    /// Looks up the addresses of a host.
    ///
    /// Switch point, unless the host is in digits.
    ///
    /// The system's resolver is asked on a thread of libuv's, so `/etc/hosts` and all that `nsswitch.conf` names count.
    /// A greenlet that is killed or runs out of time leaves at once; the resolver ends by itself.
    ///
    /// - Parameters:
    ///   - host: A name, or an address in digits, which is returned as it is.
    ///   - port: From 0, for any free one, to 65535.
    ///   - family: Which kind of addresses is wanted; nil means both IPv4 and IPv6.
    ///   - timeout: At most how long; nil means as long as the resolver takes.
    /// - Returns: At least one address, in the order in which they should be tried.
    /// - Throws: `SocketError` with `.invalidAddress`, `.unknownHost`, `.lookupFailed` or `.timedOut`; whatever the
    ///   greenlet is killed with.
    ///
    /// gevent: `gevent.socket.getaddrinfo`. POSIX: `getaddrinfo(3)`.
    public static func resolve(
        host: String,
        port: Int,
        family: Family? = nil,
        timeout: Duration? = nil
    ) throws -> [SocketAddress] {
        let checkedPort = try checked(port)
        if let storage = parse(host, checkedPort) { return try only(SocketAddress(storage), family, host) }
        if host.isEmpty {
            throw SocketError(.unknownHost, .resolve, text: "can't look up a host without a name; give it one")
        }
        return try lookUp(host, checkedPort, family, timeout)
    }

    private static func only(_ address: SocketAddress, _ family: Family?, _ host: String) throws -> [SocketAddress] {
        if let family, family != address.family {
            throw SocketError(
                .unknownHost,
                .resolve,
                text: "can't look up \(host): it is an address of \(address.family), and \(family) was asked for"
            )
        }
        return [address]
    }

    private static func lookUp(
        _ host: String,
        _ port: UInt16,
        _ family: Family?,
        _ timeout: Duration?
    ) throws -> [SocketAddress] {
        let deadline = Deadline(after: timeout)
        switch try Hub.current.lookUp(host: host, family: family?.number ?? AF_UNSPEC, until: deadline) {
        case .addresses(let found):
            let addresses = found.compactMap { try? SocketAddress(sockaddr: $0).with(port: port) }
            if !addresses.isEmpty { return addresses }
            throw SocketError(.unknownHost, .resolve, text: "can't look up \(host): it has no address that can be used")
        case .unknownName(let reason):
            throw SocketError(
                .unknownHost,
                .resolve,
                text: "can't look up \(host): \(reason); check its spelling, and that this machine has a name server"
            )
        case .failed(let reason):
            throw SocketError(
                .lookupFailed,
                .resolve,
                text: "can't look up \(host): \(reason); check the network and /etc/resolv.conf, or try again"
            )
        case .timedOut:
            throw SocketError(
                .timedOut,
                .resolve,
                text: "can't look up \(host): no answer after \(timeout ?? .zero); try again, or allow more time"
            )
        }
    }

    private func with(port: UInt16) -> SocketAddress {
        switch storage {
        case .ipv4(let bits, _): return SocketAddress(.ipv4(bits, port: port))
        case .ipv6(let high, let low, _, let flow, let scope):
            return SocketAddress(.ipv6(high, low, port: port, flow: flow, scope: scope))
        case .unix: return self
        }
    }
}
