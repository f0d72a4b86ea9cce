// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// The decisions of parking and waking, in every order, against a model that is as simple as can be.

import GreenletHub
import Testing

@Suite struct WaitStateTests {
    private enum Step: CaseIterable {
        case begin, spread, park, wake, timeOut, inject, wakeEarlier, end
    }

    /// What a wait is, said plainly: nothing, or open or woken by the first that came, and whether one sleeps in it.
    private struct Model {
        var wait: (isParked: Bool, wokenBy: String?)?
        var isSpread = false
        var hasEarlier = false

        mutating func perform(_ step: Step) -> String {
            switch step {
            case .begin:
                wait = (false, nil)
                isSpread = false
                return "begun"
            case .spread:
                wait = (true, nil)
                isSpread = true
                return "begun"
            case .park:
                guard wait != nil, wait?.wokenBy == nil else { return "don't park" }
                wait?.isParked = true
                isSpread = false
                return "park"
            case .wake: return wake("ready")
            case .timeOut: return wake("timed out")
            case .inject: return wake("injected")
            case .wakeEarlier: return "ignore"
            case .end:
                defer { wait = nil }
                return wait?.wokenBy ?? "nothing"
            }
        }

        private mutating func wake(_ cause: String) -> String {
            guard let wait, wait.wokenBy == nil else { return "ignore" }
            self.wait?.wokenBy = cause
            return isSpread ? "leaveAll" : wait.isParked ? "enqueue" : "noted"
        }
    }

    private func perform(_ step: Step, on state: inout WaitState) -> String {
        switch step {
        case .begin:
            _ = state.begin()
            return "begun"
        case .spread:
            state.beginSpread()
            return "begun"
        case .park: return state.shouldPark() ? "park" : "don't park"
        case .wake: return "\(state.wake(ticket: state.ticket, .ready))"
        case .timeOut: return "\(state.wake(ticket: state.ticket, .timedOut))"
        case .inject: return "\(state.wake(ticket: state.ticket, .injected))"
        case .wakeEarlier: return "\(state.wake(ticket: state.ticket &- 1, .ready))"
        case .end:
            switch state.end() {
            case .ready: return "ready"
            case .timedOut: return "timed out"
            case .injected: return "injected"
            case nil: return "nothing"
            }
        }
    }

    @Test func everyOrderOfStepsDecidesAsTheModelDoes() {
        var checked = 0
        func explore(_ state: WaitState, _ model: Model, _ path: [Step], depth: Int) {
            if depth == 0 { return }
            for step in Step.allCases {
                var (state, model) = (state, model)
                let decided = perform(step, on: &state)
                let expected = model.perform(step)
                let isOpen = model.wait != nil && model.wait?.wokenBy == nil
                checked += 1
                if decided != expected || state.isWaiting != isOpen {
                    Issue.record("\(path + [step]): \(decided) instead of \(expected)")
                }
                explore(state, model, path + [step], depth: depth - 1)
            }
        }
        explore(WaitState(), Model(), [], depth: 5)
        #expect(checked == 8 + 64 + 512 + 4_096 + 32_768)
    }

    @Test func theCountOfWaitsMayWrap() {
        var state = WaitState()
        let first = state.begin()
        let second = state.begin()
        #expect(first != second && state.ticket == second)
        if case .ignore = state.wake(ticket: first, .ready) {} else { Issue.record("woken by an earlier ticket") }
        #expect(state.isWaiting)
    }
}
