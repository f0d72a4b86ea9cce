// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// The address of one end of a socket: a host's number and a port, or a path.

import Glibc

/// Where a socket is bound to, or connected to: an IPv4 or IPv6 address with a port, or the path of a Unix socket.
///
/// It is in digits, always. Names become addresses by `resolve(host:port:family:timeout:)`.
///
/// ```swift
/// let address = try SocketAddress(host: "::1", port: 8888)
/// print(address)  // [::1]:8888
/// ```
///
/// gevent: the `address` tuples of `gevent.socket`. POSIX: `sockaddr`.
public struct SocketAddress: Hashable, Sendable {
    /// What kind of address it is.
    @nonexhaustive
    public enum Family: Hashable, Sendable {
        /// Four numbers and a port. POSIX: `AF_INET`.
        case ipv4
        /// Eight groups and a port. POSIX: `AF_INET6`.
        case ipv6
        /// A path in the file system of this machine. POSIX: `AF_UNIX`.
        case unix

        var number: CInt {
            switch self {
            case .ipv4: return AF_INET
            case .ipv6: return AF_INET6
            case .unix: return AF_UNIX
            }
        }
    }

    enum Storage: Hashable {
        /// In network order, as the kernel has them.
        case ipv4(UInt32, port: UInt16)
        case ipv6(UInt64, UInt64, port: UInt16, flow: UInt32, scope: UInt32)
        /// A path that begins with a zero byte is a name without a file (Linux's abstract sockets).
        case unix(String)
    }

    let storage: Storage

    init(_ storage: Storage) { self.storage = storage }

    /// What kind of address it is.
    public var family: Family {
        switch storage {
        case .ipv4: return .ipv4
        case .ipv6: return .ipv6
        case .unix: return .unix
        }
    }

    /// The port; 0 for a Unix socket, and for "any free one".
    public var port: Int {
        switch storage {
        case .ipv4(_, let port), .ipv6(_, _, let port, _, _): return Int(UInt16(bigEndian: port))
        case .unix: return 0
        }
    }

    /// The host in digits, such as `127.0.0.1`, `::1` or `fe80::1%eth0`; the path of a Unix socket.
    public var host: String {
        switch storage {
        case .ipv4(let bits, _):
            return Self.digits(AF_INET, withUnsafeBytes(of: bits, Array.init))
        case .ipv6(let high, let low, _, _, let scope):
            let bytes = withUnsafeBytes(of: high, Array.init) + withUnsafeBytes(of: low, Array.init)
            return Self.digits(AF_INET6, bytes) + (scope == 0 ? "" : "%" + Self.interfaceName(scope))
        case .unix(let path):
            return path
        }
    }

    /// All IPv4 addresses of this machine, to listen on.
    ///
    /// - Parameter port: From 0, for any free one, to 65535.
    /// - Returns: The address.
    /// - Throws: `SocketError` with `.invalidAddress` for another port.
    ///
    /// POSIX: `INADDR_ANY`.
    public static func anyIPv4(port: Int) throws(SocketError) -> SocketAddress {
        SocketAddress(.ipv4(0, port: try checked(port)))
    }

    /// All addresses of this machine, to listen on; IPv4's too, unless `v6Only` is set.
    ///
    /// - Parameter port: From 0, for any free one, to 65535.
    /// - Returns: The address.
    /// - Throws: `SocketError` with `.invalidAddress` for another port.
    ///
    /// POSIX: `in6addr_any`.
    public static func anyIPv6(port: Int) throws(SocketError) -> SocketAddress {
        SocketAddress(.ipv6(0, 0, port: try checked(port), flow: 0, scope: 0))
    }

    /// A port in network order.
    static func checked(_ port: Int) throws(SocketError) -> UInt16 {
        guard let port = UInt16(exactly: port) else {
            throw SocketError(.invalidAddress, .address, text: "port \(port) is not between 0 and 65535")
        }
        return port.bigEndian
    }

    private static func digits(_ family: CInt, _ bytes: [UInt8]) -> String {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(INET6_ADDRSTRLEN)) { text in
            inet_ntop(family, bytes, text.baseAddress, socklen_t(text.count)).map { String(cString: $0) } ?? "?"
        }
    }

    private static func interfaceName(_ scope: UInt32) -> String {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(IF_NAMESIZE)) { text in
            if_indextoname(scope, text.baseAddress).map { String(cString: $0) } ?? "\(scope)"
        }
    }
}

extension SocketAddress: CustomStringConvertible {
    /// `127.0.0.1:80`, `[::1]:80`, or the path; of a nameless Unix socket, `unix`.
    public var description: String {
        switch storage {
        case .ipv4: return "\(host):\(port)"
        case .ipv6: return "[\(host)]:\(port)"
        case .unix(let path):
            if path.isEmpty { return "unix" }
            return path.utf8.first == 0 ? "@\(path.dropFirst())" : path
        }
    }
}
