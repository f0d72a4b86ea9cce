// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// What can go wrong with greenlets themselves, with what was tried and what to do.

/// A failure of a greenlet operation.
public struct GreenletError: Error, CustomStringConvertible, Sendable {
    /// What kind of failure it is.
    @nonexhaustive
    public enum Code: Hashable, Sendable {
        /// A greenlet was switched to, killed or woken from another thread than its own.
        case wrongThread
        /// A greenlet would become its own ancestor.
        case cyclicParent
        /// The main greenlet of a thread has no parent and can't be given one.
        case mainGreenlet
        /// There is no memory, address space or mapping left for another stack.
        case outOfStacks
        /// A blocking call was made where nothing may block: in a callback of the loop.
        case blockingInHub
        /// A blocking call was made on a thread that runs async tasks.
        case blockingInTask
        /// A greenlet was switched into while it waited for something else.
        case invalidSwitch
        /// A coroutine was resumed whose body has ended.
        case finished
        /// A greenlet was asked for its value, and has none: it was killed, or has thrown `GreenletExit`.
        case exited
        /// Two greenlets wanted what only one may have at a time.
        case concurrentUse
        /// An argument is outside of what makes sense.
        case invalidArgument
        /// Only the main greenlet of a thread can do that.
        case notMainGreenlet
        /// The greenlet was left in the parent process by a fork.
        case leftInParent
        /// The hub of this thread is gone.
        case hubDestroyed
        /// The loop itself refused an operation.
        case loopFailed
    }

    /// What kind of failure it is.
    public let code: Code
    /// What was tried, on what, why it failed, and what to do.
    public let message: String

    /// The C library's error number behind it, or 0.
    public let cause: CInt

    package init(_ code: Code, _ message: String, cause: CInt = 0) {
        self.code = code
        self.message = message
        self.cause = cause
    }

    /// The message.
    public var description: String { message }
}

extension GreenletError: Equatable {
    /// Equal by code.
    public static func == (left: GreenletError, right: GreenletError) -> Bool { left.code == right.code }
}
