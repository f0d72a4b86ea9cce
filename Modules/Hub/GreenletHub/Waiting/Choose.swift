// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Choosing: what is possible at once is taken, or else the greenlet stands everywhere until it is served.

import GreenletCore

/// Waits until one of the choices is possible, and takes exactly that one.
///
/// Switch point, if none is possible at once.
///
/// ```swift
/// let line = try choose([
///     .get(from: words) { "a word: \($0)" },
///     .put(7, into: numbers) { "somebody took seven" },
///     .wait(for: shutdown) { "good bye" },
///     .after(.seconds(1)) { "nothing for a second" },
/// ])
/// ```
///
/// If several are possible at once, chance decides among them, so that none of them starves. If none is, the greenlet
/// waits in all places at once, behind those who came earlier, and the first to be served decides. From that moment on it
/// stands nowhere else: an item that comes later is another's. A greenlet that is killed in that moment still takes what
/// it was given, and is killed at its next switch point; one that is killed earlier takes nothing. Two greenlets that
/// choose may meet in a `Channel`; nobody meets himself.
///
/// - Parameter choices: Among which; without any it waits for ever.
/// - Returns: What the body of the choice returns. It runs here and now, when everything else has been left.
/// - Throws: What that body throws; `QueueClosed` if a queue is closed; the error of a result or greenlet; whatever
///   the waiting greenlet is killed with; `LoopExit` if nothing can end the wait; `GreenletError` where nothing may
///   block, and with `.wrongThread` if greenlets of another thread wait in one of the places.
///
/// gevent: none. Go: `select`.
@inlinable
public func choose<Value>(_ choices: [Choice<Value>]) throws -> Value {
    let order = RandomOrder(choices.count)
    var asksOthers = false
    for index in 0..<choices.count {
        let number = order[index]
        if let value = try choices.serve(number, .attempt) { return value }
        if choices[number].kind == .asking { asksOthers = true }
    }
    if asksOthers, let value = try choices.attemptAgain(order) { return value }
    let served = try waitForOne(of: choices, order, asksOthers)
    guard let value = try choices.serve(served.number, .run(served.failure)) else {
        preconditionFailure("a choice that was served has no value")
    }
    return value
}

/// Takes exactly one of the choices if any is possible at once.
///
/// Not a switch point, unless a body is.
///
/// - Parameters:
///   - choices: Among which. Times never are possible at once.
///   - otherwise: What to do if none is possible.
/// - Returns: What the body of the choice, or `otherwise`, returns.
/// - Throws: What that throws; `QueueClosed` if a queue is closed; the error of a result or greenlet.
///
/// gevent: none. Go: `select` with `default`.
@inlinable
public func choose<Value>(_ choices: [Choice<Value>], orElse otherwise: () throws -> Value) throws -> Value {
    let order = RandomOrder(choices.count)
    for index in 0..<choices.count {
        if let value = try choices.serve(order[index], .attempt) { return value }
    }
    return try otherwise()
}

/// Stands at all places until it is served at one, and has left the others when it returns.
@inlinable
func waitForOne<Value>(
    of choices: [Choice<Value>],
    _ order: RandomOrder,
    _ asksOthers: Bool
) throws -> Choosing.Served {
    let choosing = try Choosing.begin()
    defer {
        choosing.leave()
        if choosing.hasOffers { choosing.withdrawOffers(choices) }
        choosing.end()
    }
    // Offers first: whoever waits to see one in a channel is told at once, and must not be the chooser himself.
    try choosing.enlist(at: choices, order, .offering)
    try choosing.enlist(at: choices, order, .taking)
    // Others last: whatever they do then serves the chooser, who stands everywhere else.
    if asksOthers { try choosing.enlist(at: choices, order, .asking) }
    return try choosing.wait()
}

extension Array {
    /// Has one of the choices do something.
    @inlinable
    func serve<Value>(_ number: Int, _ step: ChoiceStep) throws -> Value? where Element == Choice<Value> {
        try self[number].serve(step, self[number].capture)
    }

    /// Takes what others, who were asked whether they are ready, have made possible meanwhile.
    @inlinable
    func attemptAgain<Value>(_ order: RandomOrder) throws -> Value? where Element == Choice<Value> {
        for index in 0..<count where self[order[index]].kind != .asking {
            if let value = try serve(order[index], .attempt) { return value }
        }
        return nil
    }
}

extension Choosing {
    /// Takes back what was offered, where it was not taken.
    @inlinable
    func withdrawOffers<Value>(_ choices: [Choice<Value>]) {
        for candidate in candidates.prefix(count).map({ $0.takeUnretainedValue() }) {
            // It neither fails nor has a value.
            let number = candidate.number
            if choices[number].kind == .offering { _ = try? choices.serve(number, .withdraw(candidate)) }
        }
    }

    /// Stands at the places of one kind, until one has decided.
    @inlinable
    func enlist<Value>(at choices: [Choice<Value>], _ order: RandomOrder, _ kind: ChoiceKind) throws {
        for index in 0..<choices.count {
            let number = order[index]
            if choices[number].kind != kind { continue }
            if isDecided { return }
            do {
                _ = try choices.serve(number, .enlist(addCandidate(number)))
            } catch {
                if isDecided { return }  // what it was served comes first: it would be lost
                throw error
            }
        }
    }
}
