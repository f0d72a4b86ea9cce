// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// A point where a number of greenlets wait for each other.

/// A number of greenlets wait here until all have come; then all go on, and the next round begins.
///
/// If one of them gives up (its time runs out, it is killed), the others would wait in vain: the barrier is broken
/// then, and all get `BarrierBroken`, at once and until `reset()`.
///
/// ```swift
/// let barrier = Barrier(parties: 3) { print("all have finished the step") }
/// for part in 0..<3 {
///     spawn {
///         for step in 1...10 {
///             try compute(part, step)
///             try barrier.wait()
///         }
///     }
/// }
/// ```
///
/// gevent: none; Python: `threading.Barrier`, patched.
public final class Barrier {
    /// How many greenlets it waits for.
    ///
    /// Python: `Barrier.parties`.
    public let parties: Int
    /// Whether it was broken, and not reset since.
    ///
    /// Python: `Barrier.broken`.
    public private(set) var isBroken = false

    private let action: (() throws -> Void)?
    private var round = Round(generation: 0)
    /// Counts resets: what happens to a round from before concerns nobody who came later.
    private var generation = 0

    /// Creates a barrier.
    ///
    /// - Parameters:
    ///   - parties: How many greenlets it waits for.
    ///   - action: What the last one runs before all go on. If it throws, the barrier is broken.
    /// - Precondition: `parties` is greater than zero.
    ///
    /// Python: `threading.Barrier(parties, action)`.
    public init(parties: Int, action: (() throws -> Void)? = nil) {
        precondition(parties > 0, "the parties of a barrier must be 1 or more, not \(parties)")
        self.parties = parties
        self.action = action
    }

    /// Waits until all have come.
    ///
    /// Switch point, except for the last one without an action.
    ///
    /// - Parameter timeout: At most how long; nil means for ever.
    /// - Returns: How many came before in this round: each number below `parties` once.
    /// - Throws: `BarrierBroken` if it is broken or reset; and, which breaks it: `Timeout` if not all came in time;
    ///   what the action throws; whatever the waiting greenlet is killed with; `LoopExit` if nothing can end the wait.
    ///   `GreenletError` where nothing may block.
    ///
    /// Python: `Barrier.wait`.
    @discardableResult
    public func wait(timeout: Duration? = nil) throws -> Int {
        if isBroken { throw BarrierBroken() }
        let round = round
        let index = round.arrived
        if index + 1 == parties {
            try complete(round)
            return index
        }
        _ = try Hub.current.parkable()
        round.arrived += 1
        do {
            let inTime = try round.waiters.wait(for: WaitReason("wait", self), until: Deadline(after: timeout))
            if inTime || round.stage == .open { return index }
            throw Timeout.expired(after: timeout, "wait", self)
        } catch {
            fail(round)
            throw error
        }
    }

    /// The last one has come.
    private func complete(_ round: Round) throws {
        round.arrived += 1
        self.round = Round(generation: generation)
        if let action {
            do {
                try action()
            } catch {
                fail(round)
                throw error
            }
            if round.stage == .broken { throw BarrierBroken() }
        }
        round.end(.open)
    }

    /// Somebody leaves a round before it was complete.
    private func fail(_ round: Round) {
        guard round.stage == .filling else { return }
        round.end(.broken)
        if round.generation == generation { abort() }
    }

    /// Breaks the barrier: all that wait, and all that come before `reset()`, get `BarrierBroken`.
    ///
    /// Not a switch point. Whom nobody but the action keeps waiting goes on.
    ///
    /// Python: `Barrier.abort`.
    public func abort() {
        isBroken = true
        round.end(.broken)
    }

    /// Makes it as new: those that wait get `BarrierBroken`, those that come later wait for each other.
    ///
    /// Not a switch point.
    ///
    /// Python: `Barrier.reset`.
    public func reset() {
        let previous = round
        generation += 1
        isBroken = false
        round = Round(generation: generation)
        previous.end(.broken)
    }

    /// How many wait for the others.
    ///
    /// Python: `Barrier.n_waiting`.
    public var waitingCount: Int { round.waiters.count }
}

/// Those that go on together.
private final class Round {
    enum Stage {
        case filling
        case open
        case broken
    }

    let generation: Int
    let waiters = WaitList()
    var arrived = 0
    private(set) var stage = Stage.filling

    init(generation: Int) { self.generation = generation }

    /// All go on, in the order they came, with or without an error.
    func end(_ end: Stage) {
        guard stage == .filling else { return }
        stage = end
        if end == .open { waiters.wakeAll() } else { waiters.wakeAll(throwing: BarrierBroken()) }
    }
}

extension Barrier: CustomStringConvertible {
    /// `<Barrier 0x7f… 2 of 3 waiting>`.
    public var description: String {
        describe(self, isBroken ? "broken" : nil, "\(waitingCount) of \(parties) waiting")
    }
}

@available(*, unavailable)
extension Barrier: Sendable {}

/// Thrown by a barrier at which not all will arrive.
///
/// Python: `threading.BrokenBarrierError`.
public struct BarrierBroken: Error, Hashable, Sendable, CustomStringConvertible {
    /// Creates the error.
    public init() {}

    /// What happened, and what to do.
    public var description: String { "the barrier is broken: one of its parties gave up; reset it to use it again" }
}
