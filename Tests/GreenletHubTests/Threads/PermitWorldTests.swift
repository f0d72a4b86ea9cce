// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// All that can happen to three who want a permit: every order of entering, serving, killing, running late and hubs that end.

import GreenletHub
import Testing

/// What one of them does or suffers.
private enum Move: Hashable {
    case enter(Int)
    case kill(Int)
    case expire(Int)
    /// It runs again, after whatever has ended its wait.
    case run(Int)
    /// The errand that tells it is done by its hub.
    case arrive(Int)
    case release(Int)
    /// Its hub ends: it is killed first, and what was on its way is done.
    case endHub(Int)
}

/// Where one of them stands.
private enum Stand: Hashable {
    case idle
    /// In its list, where it can be woken.
    case waiting
    case woken
    case killed
    case expired
    case holding
    case done
}

/// Greenlets on hubs of their own, or all on one, as `ThreadSafeSemaphore` drives them.
private final class PermitWorld {
    private var state: PermitState
    private let waiters: [CrossWaiter]
    private var stands: [Stand]
    private var isTold: [Bool]
    private var isHubThere: [Bool]
    /// Those that wait, in the order they came.
    private var queue: [Int] = []
    private let permits: Int
    private let isOneHub: Bool
    private(set) var problems: [String] = []

    init(_ count: Int, permits: Int, isOneHub: Bool) {
        self.permits = permits
        self.isOneHub = isOneHub
        state = PermitState(permits)
        waiters = (0..<count).map { _ in CrossWaiter() }
        stands = Array(repeating: .idle, count: count)
        isTold = Array(repeating: false, count: count)
        isHubThere = Array(repeating: true, count: count)
    }

    var moves: [Move] {
        stands.indices.flatMap { who -> [Move] in
            var moves: [Move] = isTold[who] ? [.arrive(who)] : []
            switch stands[who] {
            case .idle: moves.append(.enter(who))
            case .waiting: moves += [.kill(who), .expire(who)] + (isOneHub ? [] : [.endHub(who)])
            case .woken, .killed, .expired: moves.append(.run(who))
            case .holding: moves.append(.release(who))
            case .done: break
            }
            return moves
        }
    }

    /// All that matters for what can happen next.
    var key: [AnyHashable] { [stands, isTold, isHubThere, queue, waiters.map(\.phase), state.free] }

    func perform(_ move: Move) {
        switch move {
        case .enter(let who):
            let isTaken = state.take(orWaitAs: waiters[who])
            stands[who] = isTaken ? .holding : .waiting
            if !isTaken { queue.append(who) }
        case .kill(let who): stands[who] = .killed
        case .expire(let who): stands[who] = .expired
        case .run(let who): run(who)
        case .arrive(let who): arrive(who)
        case .release(let who):
            stands[who] = .done
            release()
        case .endHub(let who):
            stands[who] = .killed
            isHubThere[who] = false
            if isTold[who] { arrive(who) }
        }
        check(move)
    }

    private func run(_ who: Int) {
        let stand = stands[who]
        let isServed = leave(who)
        if stand == .woken, !isServed { problems.append("\(who) was woken, and has nothing") }
        stands[who] = isServed && stand != .killed ? .holding : .done
        if isServed, stand == .killed { release() }
    }

    private func leave(_ who: Int) -> Bool {
        queue.removeAll { $0 == who }
        return state.leave(waiters[who])
    }

    private func arrive(_ who: Int) {
        isTold[who] = false
        if stands[who] == .waiting { stands[who] = .woken } else if leave(who) { release() }
    }

    private func release() {
        while true {
            guard let taker = state.release().taker else { return }
            let who = waiters.firstIndex { $0 === taker }!
            if who != queue.first { problems.append("\(who) was served, though \(queue) wait") }
            queue.removeAll { $0 == who }
            if tell(who) || !leave(who) { return }
        }
    }

    private func tell(_ who: Int) -> Bool {
        if !isHubThere[who] { return false }
        if !isOneHub {
            isTold[who] = true
            return true
        }
        guard stands[who] == .waiting else { return false }
        stands[who] = .woken
        return true
    }

    private func check(_ move: Move) {
        let (held, given) = (stands.count { $0 == .holding }, waiters.count { $0.phase == .served })
        if state.free + held + given != permits {
            problems.append("\(state.free) free, \(held) held, \(given) on their way, after \(move)")
        }
        if state.free > 0, state.takers.count > 0 { problems.append("somebody waits, and one is free, after \(move)") }
        if state.takers.count != queue.count { problems.append("\(state.takers.count) wait instead of \(queue)") }
        if moves.isEmpty, state.free != permits { problems.append("\(state.free) of \(permits) left in the end") }
    }
}

@Suite struct PermitWorldTests {
    @Test(arguments: [(3, 1, false), (3, 1, true), (3, 2, false), (4, 1, true), (4, 1, false)])
    func noOrderOfThingsLosesAPermit(count: Int, permits: Int, isOneHub: Bool) {
        var seen: Set<[AnyHashable]> = []
        var paths: [[Move]] = [[]]
        var ends = 0
        while let path = paths.popLast() {
            let world = PermitWorld(count, permits: permits, isOneHub: isOneHub)
            for move in path { world.perform(move) }
            guard world.problems.isEmpty else {
                Issue.record("\(world.problems): \(path)")
                return
            }
            guard seen.insert(world.key).inserted else { continue }
            if world.moves.isEmpty { ends += 1 }
            paths += world.moves.map { path + [$0] }
        }
        print("PermitWorldTests: \(count) for \(permits), one hub: \(isOneHub): \(seen.count) states, \(ends) ends")
        #expect(seen.count > 100 && ends > 0)
    }
}
