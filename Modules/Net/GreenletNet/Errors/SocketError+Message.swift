// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// The words of a failure: what was tried, on what, why it failed, what to do.

import Glibc
import GreenletCore

extension SocketError: CustomStringConvertible {
    /// What was tried, on what, why it failed, and what to do, in one line.
    public var message: String {
        let progress = bytesSent > 0 ? "; \(bytesSent) bytes had been sent" : ""
        if let text { return text + progress }
        let target = address.map { " \(failedOperation.preposition) \($0)" } ?? ""
        return "can't \(failedOperation.verb)\(target): \(reason)" + (remedy.map { "; \($0)" } ?? "") + progress
    }

    /// The message.
    public var description: String { message }

    private var reason: String {
        if errno != 0 { return Self.words(errno) }
        return "timed out after \(timeLimit ?? .zero)"
    }

    /// The C library's words, to stand inside a sentence.
    private static func words(_ number: CInt) -> String {
        let words = describeErrno(number)
        guard let first = words.first, words.dropFirst().first?.isUppercase != true else { return words }
        return first.lowercased() + words.dropFirst()
    }

    private var remedy: String? {
        switch code {
        case .addressInUse:
            return address?.family == .unix
                ? "another program has this path, or has left its file behind; choose another or remove it"
                : "another program has this port; choose another or stop it"
        case .addressNotAvailable:
            return "this machine has no such address; 0.0.0.0 stands for all that it has"
        case .permissionDenied: return permissionRemedy
        case .connectionRefused: return "nothing listens there; check the address, and that the server runs"
        case .tooManyDescriptors:
            return errno == EMFILE
                ? "raise the limit with ulimit -n, or close what isn't needed"
                : "the whole machine has none left; raise fs.file-max, or close what isn't needed"
        case .unreachable: return "check the address, and the network"
        case .notConnected: return "connect it first"
        case .closed, .brokenPipe, .connectionReset, .timedOut, .outOfMemory: return nil
        case .alreadyInUse, .notSupported, .invalidAddress, .unknownHost, .lookupFailed, .other: return nil
        }
    }

    private var permissionRemedy: String? {
        guard let address, address.family != .unix, (1..<1024).contains(address.port) else { return nil }
        return "ports below 1024 are the administrator's; choose one from 1024 on"
    }
}

extension SocketError.Code {
    init(_ number: CInt) {
        switch number {
        case EADDRINUSE: self = .addressInUse
        case EADDRNOTAVAIL: self = .addressNotAvailable
        case EACCES, EPERM: self = .permissionDenied
        case ECONNREFUSED: self = .connectionRefused
        case ECONNRESET, ECONNABORTED: self = .connectionReset
        case EPIPE: self = .brokenPipe
        case ENOTCONN, EDESTADDRREQ: self = .notConnected
        case EISCONN, EINVAL, EALREADY: self = .alreadyInUse
        case EHOSTUNREACH, ENETUNREACH, EHOSTDOWN, ENETDOWN: self = .unreachable
        case ETIMEDOUT: self = .timedOut
        case EBADF: self = .closed
        case EMFILE, ENFILE: self = .tooManyDescriptors
        case ENOMEM, ENOBUFS: self = .outOfMemory
        case ENOTSOCK, EOPNOTSUPP, EAFNOSUPPORT, EPROTONOSUPPORT, ENOPROTOOPT: self = .notSupported
        default: self = .other
        }
    }
}

extension SocketError.Operation {
    /// As in `recv on Socket 7`, for the reasons of waits.
    var name: StaticString {
        switch self {
        case .address: return "address"
        case .resolve: return "resolve"
        case .open: return "socket"
        case .bind: return "bind"
        case .listen: return "listen"
        case .accept: return "accept"
        case .connect: return "connect"
        case .receive: return "recv"
        case .send: return "send"
        case .shutDown: return "shutdown"
        case .option: return "option"
        case .name: return "name"
        case .server: return "server"
        }
    }

    /// As in `can't receive from 127.0.0.1:80`.
    fileprivate var verb: StaticString {
        switch self {
        case .address: return "use the address"
        case .resolve: return "look up"
        case .open: return "open a socket"
        case .bind: return "bind"
        case .listen: return "listen"
        case .accept: return "accept"
        case .connect: return "connect"
        case .receive: return "receive"
        case .send: return "send"
        case .shutDown: return "shut down"
        case .option: return "set or get an option"
        case .name: return "name the socket"
        case .server: return "serve"
        }
    }

    fileprivate var preposition: StaticString {
        switch self {
        case .connect, .send, .bind: return "to"
        case .receive: return "from"
        default: return "on"
        }
    }
}
