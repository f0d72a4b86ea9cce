// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// What can go wrong with sockets. Cheap to throw: the message is put into words only when somebody reads it.

import Glibc

/// A failure of a socket, an address or a server: what was tried, on what, why it failed, and what to do.
///
/// ```swift
/// do {
///     try server.start()
/// } catch let error as SocketError where error.code == .addressInUse {
///     print(error)  // can't listen on 127.0.0.1:8888: address already in use; another program has this port; …
/// }
/// ```
///
/// Errors that a greenlet is killed with, and timeouts of an outer `withTimeout`, are never wrapped in one.
///
/// gevent: `socket.error`, `socket.timeout`, `socket.gaierror`.
public struct SocketError: Error, Sendable {
    /// What kind of failure it is.
    @nonexhaustive
    public enum Code: Hashable, Sendable {
        /// A host or port that can't be one.
        case invalidAddress
        /// There is no host of this name.
        case unknownHost
        /// The resolver could not say whether there is such a host.
        case lookupFailed
        /// Another socket listens there, or is bound there.
        case addressInUse
        /// This machine has no such address.
        case addressNotAvailable
        /// The system doesn't allow it, for example a port below 1024.
        case permissionDenied
        /// Nobody listens at the other end.
        case connectionRefused
        /// The other end has cut the connection.
        case connectionReset
        /// The connection was shut down for writing, here or at the other end.
        case brokenPipe
        /// The socket isn't connected.
        case notConnected
        /// The socket is connected or bound already.
        case alreadyInUse
        /// There is no way to the host, or to its network.
        case unreachable
        /// The time allowed is over, or the system has given up.
        case timedOut
        /// The socket or the server is closed, maybe by another greenlet, while this one waited.
        case closed
        /// No descriptor is left: of this process, or of the machine.
        case tooManyDescriptors
        /// No memory is left for another socket.
        case outOfMemory
        /// The descriptor is no socket, or not one that can do this.
        case notSupported
        /// Anything else: see `errno`.
        case other
    }

    /// What was being done.
    enum Operation {
        case address
        case resolve
        case open
        case bind
        case listen
        case accept
        case connect
        case receive
        case send
        case shutDown
        case option
        case name
        case server
    }

    /// What kind of failure it is.
    public let code: Code
    var failedOperation: Operation
    /// The system's error number; 0 if it was not the system that refused.
    public let errno: CInt
    var address: SocketAddress?
    let timeLimit: Duration?
    let text: String?
    /// How many bytes a `sendAll` had sent when it failed.
    public internal(set) var bytesSent = 0

    /// With ready words.
    init(_ code: Code, _ operation: Operation, text: String) {
        self.code = code
        failedOperation = operation
        errno = 0
        address = nil
        timeLimit = nil
        self.text = text
    }

    /// With words that are known beforehand, and `EBADF`.
    init(closed operation: Operation, text: StaticString) {
        self.init(Errno(EBADF), operation, nil, text: "\(text)")
    }

    /// What the system refused.
    init(_ cause: Errno, _ operation: Operation, _ address: SocketAddress? = nil, text: String? = nil) {
        code = Code(cause.number)
        failedOperation = operation
        errno = cause.number
        self.address = address
        timeLimit = nil
        self.text = text
    }

    /// A time limit of this module's own is over.
    init(timedOut operation: Operation, _ address: SocketAddress?, after limit: Duration?) {
        code = .timedOut
        failedOperation = operation
        errno = 0
        self.address = address
        timeLimit = limit
        text = nil
    }

    /// What was being done: `listen`, `recv`, `connect` and so on.
    public var operation: String { failedOperation.name.description }
}

extension SocketError: Equatable {
    /// Equal by code.
    public static func == (left: SocketError, right: SocketError) -> Bool { left.code == right.code }
}
