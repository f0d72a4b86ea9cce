// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Addresses as the system has them: sockaddr in and out.

package import Glibc

extension SocketAddress {
    /// An address from the bytes of a `sockaddr`.
    ///
    /// - Parameter bytes: As many bytes as the system said that the address has.
    /// - Throws: `SocketError` with `.invalidAddress` if they are too few, or of another family than IPv4, IPv6 and
    ///   Unix.
    ///
    /// POSIX: `sockaddr`.
    public init(sockaddr bytes: [UInt8]) throws(SocketError) {
        var storage = sockaddr_storage()
        let count = min(bytes.count, MemoryLayout<sockaddr_storage>.size)
        withUnsafeMutableBytes(of: &storage) { $0.copyBytes(from: bytes[..<count]) }
        guard let address = SocketAddress(storage, socklen_t(count)) else {
            throw SocketError(
                .invalidAddress,
                .address,
                text: "\(bytes.count) bytes that are no address of IPv4, IPv6 or a Unix socket"
            )
        }
        self = address
    }

    /// Nil if the family is unknown, or the length too short for it.
    init?(_ raw: sockaddr_storage, _ length: socklen_t) {
        var raw = raw
        let length = Int(length)
        guard length >= MemoryLayout<sa_family_t>.size else { return nil }
        let family = CInt(raw.ss_family)
        let parsed: Storage? = withUnsafeBytes(of: &raw) { bytes in
            switch family {
            case AF_INET where length >= MemoryLayout<sockaddr_in>.size: return Self.ipv4(bytes)
            case AF_INET6 where length >= MemoryLayout<sockaddr_in6>.size: return Self.ipv6(bytes)
            case AF_UNIX: return Self.unix(bytes.prefix(length))
            default: return nil
            }
        }
        guard let parsed else { return nil }
        self.init(parsed)
    }

    private static func ipv4(_ bytes: UnsafeRawBufferPointer) -> Storage {
        let raw = bytes.loadUnaligned(as: sockaddr_in.self)
        return .ipv4(raw.sin_addr.s_addr, port: raw.sin_port)
    }

    private static func ipv6(_ bytes: UnsafeRawBufferPointer) -> Storage {
        let raw = bytes.loadUnaligned(as: sockaddr_in6.self)
        // Safe because sin6_addr lies at byte 8 of a sockaddr_in6, and has 16 bytes.
        let high = bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self)
        let low = bytes.loadUnaligned(fromByteOffset: 16, as: UInt64.self)
        return .ipv6(high, low, port: raw.sin6_port, flow: raw.sin6_flowinfo, scope: raw.sin6_scope_id)
    }

    private static func unix(_ bytes: Slice<UnsafeRawBufferPointer>) -> Storage {
        let path = bytes.dropFirst(MemoryLayout<sa_family_t>.size)
        if path.first == 0 { return .unix(String(decoding: path, as: UTF8.self)) }  // abstract: no end but the length
        return .unix(String(decoding: path.prefix { $0 != 0 }, as: UTF8.self))
    }

    /// Calls `body` with the address as the system wants it.
    package func withRaw<Result>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
        switch storage {
        case .ipv4(let bits, let port):
            var raw = sockaddr_in()
            raw.sin_family = sa_family_t(AF_INET)
            raw.sin_port = port
            raw.sin_addr.s_addr = bits
            return Self.pass(&raw, MemoryLayout<sockaddr_in>.size, body)
        case .ipv6(let high, let low, let port, let flow, let scope):
            var raw = sockaddr_in6()
            raw.sin6_family = sa_family_t(AF_INET6)
            raw.sin6_port = port
            raw.sin6_flowinfo = flow
            raw.sin6_scope_id = scope
            withUnsafeMutableBytes(of: &raw.sin6_addr) {
                $0.storeBytes(of: high, as: UInt64.self)
                $0.storeBytes(of: low, toByteOffset: 8, as: UInt64.self)
            }
            return Self.pass(&raw, MemoryLayout<sockaddr_in6>.size, body)
        case .unix(let path):
            var raw = sockaddr_un()
            raw.sun_family = sa_family_t(AF_UNIX)
            withUnsafeMutableBytes(of: &raw.sun_path) { $0.copyBytes(from: Array(path.utf8.prefix($0.count))) }
            let isAbstract = path.utf8.first == 0
            let count = MemoryLayout<sa_family_t>.size + path.utf8.count + (isAbstract ? 0 : 1)
            return Self.pass(&raw, min(count, MemoryLayout<sockaddr_un>.size), body)
        }
    }

    private static func pass<Raw, Result>(
        _ raw: inout Raw,
        _ length: Int,
        _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result
    ) -> Result {
        withUnsafePointer(to: &raw) {
            // Safe because each of these begins with the fields of a sockaddr.
            body(UnsafeRawPointer($0).assumingMemoryBound(to: sockaddr.self), socklen_t(length))
        }
    }
}
