// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// What every blocking call promises, whatever it waits for: gevent's generic contracts, and some more.

import GreenletCore
import GreenletHub
import Testing

extension BlockingCall {
    /// Its own time limit ends it, with the answer that it documents.
    package func checkOwnTimeout() throws {
        for limit in [Duration.milliseconds(5), .zero] {
            try withScene { scene in
                var isServed = true
                let caller = spawn { isServed = try scene.run(limit) }
                let duration = try ContinuousClock().measure { try caller.join(timeout: .seconds(10)) }
                #expect(caller.isSuccessful && !isServed, "\(self)")
                #expect(duration >= limit && duration < .seconds(5), "\(self)")
            }
        }
    }

    /// A timeout around it that comes before its own is thrown, and it is that very one.
    package func checkShorterOuterTimeout() throws {
        for limit in isLimited ? [Duration.seconds(30), nil] : [nil] {
            try withScene { scene in
                let outer = Timeout(.milliseconds(3))
                let caller = spawn {
                    outer.start()
                    _ = try scene.run(limit)
                }
                try caller.join(timeout: .seconds(10))
                #expect(caller.error as? Timeout === outer, "\(self): \(String(describing: caller.error))")
            }
        }
    }

    /// A timeout around it that comes after its own is still to come.
    package func checkLongerOuterTimeout() throws {
        try withScene { scene in
            let outer = Timeout(.milliseconds(20))
            var errors: [any Error] = []
            let caller = spawn {
                outer.start()
                do {
                    let isServed = try scene.run(.microseconds(1))
                    #expect(!isServed, "\(self)")
                } catch {
                    errors.append(error)  // on a machine that stands still, both are due
                }
                do { try sleep(.seconds(errors.isEmpty ? 10 : 0)) } catch { errors.append(error) }
            }
            try caller.join(timeout: .seconds(20))
            #expect(errors.count == 1 && errors.first as? Timeout === outer, "\(self): \(errors)")
        }
    }

    /// After a deadline each call gives up; and so does each in a greenlet that inherits it.
    package func checkDeadline() throws {
        try withScene { scene in
            var errors: [(any Error)?] = []
            func call() {
                do {
                    _ = try scene.run(isLimited ? .seconds(30) : nil)
                    errors.append(nil)
                } catch {
                    errors.append(error)
                }
            }
            let caller = spawn {
                try withDeadline(.milliseconds(3)) {
                    call()
                    call()
                    let heir = spawn(inheritingDeadline { call() })
                    _ = try shield { try heir.join() }
                }
            }
            try caller.join(timeout: .seconds(10))
            // Whoever is late makes the others give up as well, if they only go together.
            let isOver = kind == .together ? errors[0] is Timeout : errors.allSatisfy { $0 is Timeout }
            #expect(errors.count == 3 && isOver, "\(self): \(errors)")
        }
    }

    /// In a shield its own time limit is all that ends it, and what arrived meanwhile is thrown afterwards.
    package func checkShield() throws {
        try withScene { scene in
            let outer = Timeout(.milliseconds(1))
            var later: [any Error] = []
            let caller = spawn {
                outer.start()
                let isServed = try shield { try scene.run(.milliseconds(8)) }
                #expect(!isServed, "\(self)")
                for _ in 0..<3 {
                    do { try yieldNow() } catch { later.append(error) }
                }
            }
            try settle()
            try caller.kill(with: Disturbance(), timeout: .seconds(10))
            #expect(caller.isSuccessful, "\(self)")
            let (kills, timeouts) = (later.filter { $0 is Disturbance }, later.filter { $0 is Timeout })
            #expect(kills.count == 1 && timeouts.count == 1, "\(self): \(later)")
        }
    }

    /// Nothing can happen any more: whoever reads the `LoopExit` learns what it waits for, and on what.
    package func checkWords() throws {
        try withScene { scene in
            let line = #line + 1
            let caller = spawn(name: "caller") { _ = try scene.run(nil) }
            try settle()
            var words: [String] = []
            do { _ = try Event().wait() } catch let exit as LoopExit { words = exit.blocked }
            words.removeAll { !$0.hasPrefix("caller ") }
            let (who, what) = ("caller (GreenletTestSupport/Contracts.swift:\(line)) waits for ", words.first ?? "")
            let isNamed = what.hasPrefix(who) && what.contains(/waits for \w+ on \S/)
            #expect(words.count == 1 && (isNamed || what == who + "a test"), "\(self): \(words)")
            try caller.kill(timeout: .seconds(10))
        }
    }

    /// A kill arrives where it waits, and nobody else is the worse for it.
    package func checkKill() throws {
        try withScene { scene in
            let limit: Duration? = isLimited ? .seconds(30) : nil
            let victim = Caller(scene, limit)
            try settle()
            let bystander = kind == .alone ? nil : Caller(scene, limit)
            try settle()
            #expect(victim.outcome == nil && bystander?.outcome == nil, "\(self) doesn't wait")
            try victim.greenlet?.kill(timeout: .seconds(10))
            #expect(victim.outcome == .disturbed && victim.later == nil, "\(self)")
            try settle()
            let next = bystander ?? Caller(scene, limit)
            switch kind {
            case .nobody:
                try next.greenlet?.kill(with: Disturbance(), timeout: .seconds(10))
                #expect(next.outcome == .disturbed, "\(self)")
            case .together:
                #expect(next.outcome == .other("\(BarrierBroken())"), "\(self)")
            case .first, .all, .alone:
                try settle()
                try scene.serve()
                try next.finish()
                #expect(next.outcome == .served, "\(self)")
            }
        }
    }

    /// Served and disturbed in the same turn, in either order: one of the two happens, and nothing is lost.
    package func checkSameTurn() throws {
        for isServedFirst in [true, false] {
            for cause in isLimited ? [WakeCause.timedOut, .injected] : [.injected] {
                try withScene { scene in try checkSameTurn(scene, isServedFirst, cause) }
            }
        }
    }

    private func checkSameTurn(_ scene: Scene, _ isServedFirst: Bool, _ cause: WakeCause) throws {
        let limit: Duration? = isLimited ? .seconds(30) : nil
        let victim = Caller(scene, limit)
        try settle()
        let bystander = Caller(scene, limit)
        try settle()
        #expect(victim.outcome == nil && bystander.outcome == nil, "\(self) doesn't wait")
        if isServedFirst { try scene.serve() }
        #expect(victim.outcome == nil, "\(self) ran too early")
        if cause == .timedOut {
            victim.greenlet?.wake(.timedOut)  // as the timer would
        } else {
            victim.greenlet?.inject(Disturbance())
        }
        if !isServedFirst { try scene.serve() }
        try settle()
        try victim.finish()
        let order = "\(self): \(isServedFirst ? "served, then" : "") \(cause)\(isServedFirst ? "" : ", then served")"
        if isServedFirst { #expect(victim.outcome == .served, "\(order)") }
        if cause == .injected {
            if !isServedFirst { #expect(victim.outcome == .disturbed, "\(order)") }
            #expect((victim.later is Disturbance) == isServedFirst, "\(order): a kill must not be lost, nor come twice")
        } else {
            #expect([.served, .expired].contains(victim.outcome) && victim.later == nil, "\(order)")
        }
        let isServed = kind != .first || victim.outcome != .served
        #expect(bystander.outcome == (isServed ? .served : nil), "\(order): \(String(describing: victim.outcome))")
        if !isServed { try bystander.greenlet?.kill(timeout: .seconds(10)) }
    }

    /// Errors of greenlets are the contracts' own affair.
    private func withScene(_ body: (Scene) throws -> Void) throws {
        Hub.current.errorHandler = { _, _ in }
        let scene = try scene()
        try settle()
        try body(scene)
        try scene.end()
    }
}
