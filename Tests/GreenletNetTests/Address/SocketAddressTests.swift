// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Addresses: from text, from the system's bytes, and back.

import Glibc
import GreenletNet
import Testing

@Suite struct SocketAddressTests {
    @Test func digitsBecomeAddressesAndBackAgain() throws {
        let ipv4 = try SocketAddress(host: "127.0.0.1", port: 80)
        #expect(ipv4.description == "127.0.0.1:80")
        #expect(ipv4.host == "127.0.0.1" && ipv4.port == 80 && ipv4.family == .ipv4)
        let ipv6 = try SocketAddress(host: "2001:db8::0:1", port: 65535)
        #expect(ipv6.description == "[2001:db8::1]:65535")
        #expect(ipv6.host == "2001:db8::1" && ipv6.port == 65535 && ipv6.family == .ipv6)
        #expect(try SocketAddress(host: "::1", port: 1) == SocketAddress(host: "0:0::1", port: 1))
        #expect(try SocketAddress(host: "::1", port: 1) != SocketAddress(host: "::1", port: 2))
    }

    @Test func aScopeIsKeptByNumberAndShownByName() throws {
        let byNumber = try SocketAddress(host: "fe80::1%1", port: 80)
        #expect(try SocketAddress(host: "fe80::1%lo", port: 80) == byNumber)
        #expect(byNumber.description == "[fe80::1%lo]:80")
        #expect(socketError { _ = try SocketAddress(host: "fe80::1%nosuch0", port: 80) }?.code == .invalidAddress)
    }

    @Test func portsOutOfRangeAreRefusedInOneLine() {
        let error = socketError { _ = try SocketAddress(host: "127.0.0.1", port: 70000) }
        #expect(error?.code == .invalidAddress)
        #expect(error?.message == "port 70000 is not between 0 and 65535")
        #expect(socketError { _ = try SocketAddress.anyIPv4(port: -1) }?.code == .invalidAddress)
        #expect(socketError { _ = try SocketAddress.resolve(host: "x", port: 65536) }?.code == .invalidAddress)
    }

    @Test(arguments: ["localhost", "", "1.2.3", "1.2.3.4.5", "::1::", "127.0.0.1\0", "[::1]"])
    func whatIsNotInDigitsIsRefused(host: String) {
        let error = socketError { _ = try SocketAddress(host: host, port: 80) }
        #expect(error?.code == .invalidAddress)
        #expect(error?.message.contains("is not an IP address in digits") == true)
    }

    @Test func theSystemsBytesBecomeAnAddress() throws {
        var raw = sockaddr_in()
        raw.sin_family = sa_family_t(AF_INET)
        raw.sin_port = UInt16(8888).bigEndian
        raw.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let bytes = withUnsafeBytes(of: raw, Array.init)
        #expect(try SocketAddress(sockaddr: bytes) == SocketAddress(host: "127.0.0.1", port: 8888))
        #expect(socketError { _ = try SocketAddress(sockaddr: Array(bytes.prefix(7))) }?.code == .invalidAddress)
        #expect(socketError { _ = try SocketAddress(sockaddr: []) }?.code == .invalidAddress)
    }

    @Test func pathsOfUnixSocketsHaveALimit() throws {
        #expect(try SocketAddress(unixPath: "/tmp/x").description == "/tmp/x")
        #expect(try SocketAddress(unixPath: "\0name").description == "@name")
        #expect(socketError { _ = try SocketAddress(unixPath: "") }?.code == .invalidAddress)
        let tooLong = socketError { _ = try SocketAddress(unixPath: String(repeating: "a", count: 108)) }
        #expect(tooLong?.message.contains("1 to 107 bytes, and this one 108") == true)
    }

    @Test func wildcardsAreNamed() throws {
        #expect(try SocketAddress.anyIPv4(port: 80).description == "0.0.0.0:80")
        #expect(try SocketAddress.anyIPv6(port: 80).description == "[::]:80")
    }
}
