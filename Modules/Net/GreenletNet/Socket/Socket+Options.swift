// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Options and names of a socket.

import Glibc
import GreenletHub

/// An option of a socket, with the type of its value: `Bool` or `Int`.
///
/// ```swift
/// try socket.setOption(.noDelay, to: true)
/// let size = try socket.getOption(.receiveBufferSize)
/// ```
///
/// POSIX: `setsockopt(2)`.
public struct SocketOption<Value: SocketOptionValue>: Sendable {
    let level: CInt
    let name: CInt

    /// Names an option that has no name here.
    ///
    /// Its value must be an `int` in C.
    ///
    /// - Parameters:
    ///   - level: Such as `SOL_SOCKET`.
    ///   - name: Such as `SO_BROADCAST`.
    public init(level: CInt, name: CInt) {
        self.level = level
        self.name = name
    }
}

/// What an option's value can be: `Bool` and `Int` are.
public protocol SocketOptionValue {
    /// From the system's number.
    init(socketOption: CInt)
    /// The system's number.
    var socketOption: CInt { get }
}

extension Bool: SocketOptionValue {
    /// Any number but zero is true.
    public init(socketOption: CInt) { self = socketOption != 0 }
    /// One or zero.
    public var socketOption: CInt { self ? 1 : 0 }
}

extension Int: SocketOptionValue {
    /// The number.
    public init(socketOption: CInt) { self.init(socketOption) }
    /// The number, or the nearest that fits.
    public var socketOption: CInt { CInt(clamping: self) }
}

extension SocketOption where Value == Bool {
    /// Sends small pieces at once instead of waiting for more.
    ///
    /// POSIX: `TCP_NODELAY`.
    public static var noDelay: SocketOption { SocketOption(level: CInt(IPPROTO_TCP), name: TCP_NODELAY) }
    /// Lets a port be bound that connections of an earlier socket still occupy.
    ///
    /// POSIX: `SO_REUSEADDR`.
    public static var reuseAddress: SocketOption { SocketOption(level: SOL_SOCKET, name: SO_REUSEADDR) }
    /// Lets several sockets listen on one port.
    ///
    /// POSIX: `SO_REUSEPORT`.
    public static var reusePort: SocketOption { SocketOption(level: SOL_SOCKET, name: SO_REUSEPORT) }
    /// Asks a silent peer from time to time whether it is still there.
    ///
    /// POSIX: `SO_KEEPALIVE`.
    public static var keepAlive: SocketOption { SocketOption(level: SOL_SOCKET, name: SO_KEEPALIVE) }
    /// Keeps IPv4 out of an IPv6 socket.
    ///
    /// POSIX: `IPV6_V6ONLY`.
    public static var v6Only: SocketOption { SocketOption(level: CInt(IPPROTO_IPV6), name: IPV6_V6ONLY) }
}

extension SocketOption where Value == Int {
    /// Bytes that the system keeps for the peer.
    ///
    /// Linux doubles what is set. POSIX: `SO_SNDBUF`.
    public static var sendBufferSize: SocketOption { SocketOption(level: SOL_SOCKET, name: SO_SNDBUF) }
    /// Bytes that the system keeps from the peer.
    ///
    /// Linux doubles what is set. POSIX: `SO_RCVBUF`.
    public static var receiveBufferSize: SocketOption { SocketOption(level: SOL_SOCKET, name: SO_RCVBUF) }
}

extension Socket {
    /// Sets an option.
    ///
    /// Not a switch point.
    ///
    /// - Parameters:
    ///   - option: Which.
    ///   - value: To what.
    /// - Throws: `SocketError` with `.notSupported`, `.closed` and the like.
    ///
    /// gevent: `socket.setsockopt`. POSIX: `setsockopt(2)`.
    public func setOption<Value>(_ option: SocketOption<Value>, to value: Value) throws(SocketError) {
        hub.checkThread("setOption", self)
        do throws(Errno) {
            try SystemCalls.setOption(descriptor, option.level, option.name, value.socketOption)
        } catch {
            throw failure(error, .option)
        }
    }

    /// Tells how an option is set.
    ///
    /// Not a switch point.
    ///
    /// - Parameter option: Which.
    /// - Returns: Its value.
    /// - Throws: `SocketError` with `.notSupported`, `.closed` and the like.
    ///
    /// gevent: `socket.getsockopt`. POSIX: `getsockopt(2)`.
    public func getOption<Value>(_ option: SocketOption<Value>) throws(SocketError) -> Value {
        hub.checkThread("getOption", self)
        do throws(Errno) {
            return Value(socketOption: try SystemCalls.option(descriptor, option.level, option.name))
        } catch {
            throw failure(error, .option)
        }
    }

    /// The address of this end; throws `SocketError` with `.closed`.
    ///
    /// gevent: `socket.getsockname`. POSIX: `getsockname(2)`.
    public var localAddress: SocketAddress {
        get throws(SocketError) { try address(.local) }
    }

    /// The address of the other end; throws `SocketError` with `.notConnected` or `.closed`.
    ///
    /// gevent: `socket.getpeername`. POSIX: `getpeername(2)`.
    public var peerAddress: SocketAddress {
        get throws(SocketError) { try address(.peer) }
    }

    private func address(_ end: SystemCalls.End) throws(SocketError) -> SocketAddress {
        do throws(Errno) {
            return try SystemCalls.address(descriptor, end) ?? SocketAddress(.unix(""))
        } catch {
            throw failure(error, .name)
        }
    }
}
