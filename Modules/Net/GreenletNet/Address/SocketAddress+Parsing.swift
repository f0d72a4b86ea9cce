// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Addresses from text: digits here, names in Resolve.swift.

import Glibc

extension SocketAddress {
    /// An address from a host in digits.
    ///
    /// - Parameters:
    ///   - host: Such as `127.0.0.1`, `::1` or `fe80::1%eth0`; not a name.
    ///   - port: From 0, for any free one, to 65535.
    /// - Throws: `SocketError` with `.invalidAddress` if the host isn't in digits, or the port is out of range.
    ///
    /// POSIX: `inet_pton(3)`.
    public init(host: String, port: Int) throws(SocketError) {
        let checkedPort = try Self.checked(port)
        guard let storage = Self.parse(host, checkedPort) else {
            throw SocketError(
                .invalidAddress,
                .address,
                text: "'\(host)' is not an IP address in digits; look names up with SocketAddress.resolve(host:port:)"
            )
        }
        self.init(storage)
    }

    /// The address of a Unix socket.
    ///
    /// - Parameter path: Where its file is or shall be; at most 107 bytes. A leading zero byte means Linux's abstract
    ///   names, which have no file.
    /// - Throws: `SocketError` with `.invalidAddress` if it is empty or too long.
    ///
    /// POSIX: `unix(7)`.
    public init(unixPath path: String) throws(SocketError) {
        let limit = MemoryLayout.size(ofValue: sockaddr_un().sun_path) - 1
        guard !path.isEmpty, path.utf8.count <= limit else {
            throw SocketError(
                .invalidAddress,
                .address,
                text: "the path of a Unix socket has 1 to \(limit) bytes, and this one \(path.utf8.count): '\(path)'"
            )
        }
        self.init(.unix(path))
    }

    static func parse(_ host: String, _ port: UInt16) -> Storage? {
        guard !host.utf8.contains(0) else { return nil }
        var ipv4 = in_addr()
        if inet_pton(AF_INET, host, &ipv4) == 1 { return .ipv4(ipv4.s_addr, port: port) }
        let parts = host.split(separator: "%", maxSplits: 1, omittingEmptySubsequences: false)
        var ipv6 = in6_addr()
        guard inet_pton(AF_INET6, String(parts[0]), &ipv6) == 1 else { return nil }
        var scope: UInt32 = 0
        if parts.count == 2 {
            guard let number = parseScope(String(parts[1])) else { return nil }
            scope = number
        }
        let (high, low) = withUnsafeBytes(of: ipv6) {
            ($0.loadUnaligned(as: UInt64.self), $0.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
        }
        return .ipv6(high, low, port: port, flow: 0, scope: scope)
    }

    private static func parseScope(_ text: String) -> UInt32? {
        if let number = UInt32(text) { return number }
        let index = if_nametoindex(text)
        return index == 0 ? nil : index
    }

    /// Splits `127.0.0.1:80`, `[::1]:80`, `name:80` or `:80` into host and port.
    ///
    /// Nil if it isn't of that form.
    static func split(_ text: String) -> (host: String, port: Int)? {
        guard let colon = text.lastIndex(of: ":") else { return nil }
        let digits = text[text.index(after: colon)...]
        guard !digits.isEmpty, digits.allSatisfy({ $0.isASCII && $0.isNumber }) else { return nil }
        let port = Int(digits) ?? Int.max
        let host = text[..<colon]
        if host.first == "[" {
            return host.last == "]" ? (String(host.dropFirst().dropLast()), port) : nil
        }
        return host.contains(":") ? nil : (String(host), port)
    }
}
