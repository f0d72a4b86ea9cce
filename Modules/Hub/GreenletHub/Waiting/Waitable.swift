// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// What can be waited for together with other things, without taking anything: who is ready, and where one is told.

import GreenletCore

/// Something that becomes ready: greenlets when they end, events when they are set, and so on.
///
/// Several of them can be waited for at once, with `waitAll(_:timeout:count:)`, `iterateAsReady(_:timeout:count:)` and
/// `choose(_:)`, and `rawLink(_:)` calls back. Waiting takes nothing: of several who are told that a permit or an item is
/// there, the first one gets it.
///
/// A type of yours conforms by handing on the readiness of what it has:
///
/// ```swift
/// final class Download: Waitable {
///     private let isComplete = Event()
///     var readiness: Readiness { isComplete.readiness }
/// }
/// ```
///
/// gevent: whatever has `rawlink` and `unlink`.
public protocol Waitable: AnyObject {
    /// Whether it is ready, and where one is told.
    ///
    /// Not a switch point.
    var readiness: Readiness { get }
}

/// Whether something is ready, and where one is told: valid until the next switch point.
public struct Readiness {
    /// Whether it is ready.
    public let isReady: Bool
    /// Whether those who were told may find it not ready: others can take what there is, or their waits were cancelled.
    let canBeTaken: Bool
    /// Who is told when it becomes ready; made when somebody asks.
    let list: () throws -> WaitList

    init(_ isReady: Bool, canBeTaken: Bool = false, tells list: @autoclosure @escaping () throws -> WaitList) {
        self.isReady = isReady
        self.canBeTaken = canBeTaken
        self.list = list
    }
}

@available(*, unavailable)
extension Readiness: Sendable {}

/// Ready when it has ended.
///
/// gevent: `Greenlet.rawlink`.
extension AnyGreenlet: Waitable {
    /// Whether it has ended.
    public final var readiness: Readiness {
        Readiness(isReady, tells: self.checkedJoinerList)
    }

    private final var checkedJoinerList: WaitList {
        checkThread("wait")
        return joinerList
    }
}
