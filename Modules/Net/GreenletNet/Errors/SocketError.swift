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
    enum Operation: Sendable {
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

    /// One word, so that calls that may throw it have small frames: they lie on the stacks of all idle connections.
    private var details: Details

    /// Safe to share, because it never changes.
    private struct Fields: Sendable {
        var code: Code
        var operation: Operation
        var errno: CInt = 0
        var address: SocketAddress?
        var timeLimit: Duration?
        var text: String?
        var bytesSent = 0
    }

    private final class Details: Sendable {
        let fields: Fields

        init(_ fields: Fields) { self.fields = fields }
    }

    private init(_ fields: Fields) { details = Details(fields) }

    private func changed(_ change: (inout Fields) -> Void) -> SocketError {
        var fields = details.fields
        change(&fields)
        return SocketError(fields)
    }

    /// With ready words.
    @inline(never)
    init(_ code: Code, _ operation: Operation, text: String) {
        self.init(Fields(code: code, operation: operation, text: text))
    }

    /// With words that are known beforehand, and `EBADF`.
    @inline(never)
    init(closed operation: Operation, text: StaticString) {
        self.init(Fields(code: .closed, operation: operation, errno: EBADF, text: "\(text)"))
    }

    /// What the system refused.
    @inline(never)
    init(_ cause: Errno, _ operation: Operation, _ address: SocketAddress? = nil) {
        self.init(Fields(code: Code(cause.number), operation: operation, errno: cause.number, address: address))
    }

    /// A time limit of this module's own is over.
    @inline(never)
    init(timedOut operation: Operation, _ address: SocketAddress?, after limit: Duration?) {
        self.init(Fields(code: .timedOut, operation: operation, address: address, timeLimit: limit))
    }

    /// The same failure of a `sendAll` that had sent so many bytes.
    func afterSending(_ count: Int) -> SocketError { changed { $0.bytesSent = count } }

    /// The same failure as part of a larger operation.
    func during(_ operation: Operation, _ address: SocketAddress) -> SocketError {
        changed { fields in
            fields.operation = operation
            fields.address = address
        }
    }

    /// What kind of failure it is.
    public var code: Code { details.fields.code }
    /// The system's error number; 0 if it was not the system that refused.
    public var errno: CInt { details.fields.errno }
    /// How many bytes a `sendAll` had sent when it failed.
    public var bytesSent: Int { details.fields.bytesSent }
    var failedOperation: Operation { details.fields.operation }
    var address: SocketAddress? { details.fields.address }
    var timeLimit: Duration? { details.fields.timeLimit }
    var text: String? { details.fields.text }

    /// What was being done: `listen`, `recv`, `connect` and so on.
    public var operation: String { failedOperation.name.description }
}

extension SocketError: Equatable {
    /// Equal by code.
    public static func == (left: SocketError, right: SocketError) -> Bool { left.code == right.code }
}
