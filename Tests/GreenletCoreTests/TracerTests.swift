// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Who is told of switches, when, and what a tracer that fails or switches does.

import GreenletCore
import GreenletTestSupport
import Testing

/// What a tracer was told, with names for the greenlets.
private final class Trace {
    private(set) var events: [String] = []
    private var names: [ObjectIdentifier: String] = [:]

    func name(_ greenlet: RawGreenlet, _ name: String) -> RawGreenlet {
        names[ObjectIdentifier(greenlet)] = name
        return greenlet
    }

    func note(_ event: SwitchEvent) {
        let (origin, target) = (names[ObjectIdentifier(event.origin)], names[ObjectIdentifier(event.target)])
        events.append("\(event.kind) \(origin ?? "?") \(target ?? "?")")
        #expect(RawGreenlet.current === event.target)
    }
}

@Suite struct TracerTests {
    struct Failure: Error {}

    @Test func eachSwitchByHandIsToldInTheTarget() async {
        await onThread {
            let trace = Trace()
            _ = trace.name(RawGreenlet.current, "main")
            #expect(RawGreenlet.setTracer { trace.note($0) } == nil)
            let first = trace.name(RawGreenlet {}, "first")
            try first.switch()
            let second = trace.name(RawGreenlet { throw Failure() }, "second")
            #expect(throws: Failure.self) { try second.switch() }
            #expect(RawGreenlet.setTracer(nil) != nil)
            try RawGreenlet {}.switch()
            #expect(
                trace.events == ["switch main first", "switch first main", "switch main second", "throw second main"]
            )
        }
    }

    @Test func theFastWayIsTracedTooWhenItBeganBefore() async {
        await onThread {
            let trace = Trace()
            let main = trace.name(RawGreenlet.current, "main")
            let greenlet = trace.name(RawGreenlet { while true { try RawGreenlet.switch(to: main) } }, "greenlet")
            try RawGreenlet.switch(to: greenlet)
            RawGreenlet.setTracer { trace.note($0) }
            try RawGreenlet.switch(to: greenlet)
            try RawGreenlet.switch(to: main)
            RawGreenlet.setTracer(nil)
            try RawGreenlet.switch(to: greenlet)
            #expect(trace.events == ["switch main greenlet", "switch greenlet main", "switch main main"])
        }
    }

    @Test func throwingInByHandAndSwitchingToTheDeadAreToldAsWhatReallyHappens() async {
        await onThread {
            let trace = Trace()
            let main = trace.name(RawGreenlet.current, "main")
            let greenlet = trace.name(RawGreenlet { try main.switch() }, "greenlet")
            try greenlet.switch()
            RawGreenlet.setTracer { trace.note($0) }
            try greenlet.throw()
            try greenlet.switch()
            let unstarted = RawGreenlet {}
            #expect(throws: Failure.self) { try unstarted.throw(Failure()) }
            RawGreenlet.setTracer(nil)
            #expect(
                trace.events == ["throw main greenlet", "switch greenlet main", "switch main main", "throw main main"]
            )
        }
    }

    @Test func anErrorOfTheTracerRemovesItAndSurfacesInTheTarget() async {
        await onThread {
            let main = RawGreenlet.current
            let greenlet = RawGreenlet { try main.switch() }
            try greenlet.switch()
            var calls = 0
            RawGreenlet.setTracer { _ in
                calls += 1
                throw Failure()
            }
            #expect(throws: Failure.self) { try greenlet.switch() }
            #expect(calls == 1 && greenlet.isDead && RawGreenlet.tracer == nil)
        }
    }

    @Test func oneThatReplacesItselfAndFailsLeavesNone() async {
        await onThread {
            let main = RawGreenlet.current
            let greenlet = RawGreenlet { while true { try main.switch() } }
            try greenlet.switch()
            var calls: [String] = []
            RawGreenlet.setTracer { _ in
                calls.append("first")
                RawGreenlet.setTracer { _ in calls.append("second") }
                throw Failure()
            }
            #expect(throws: Failure.self) { try greenlet.switch() }
            #expect(greenlet.isDead && RawGreenlet.tracer == nil && calls == ["first"])
            try RawGreenlet {}.switch()
            #expect(calls == ["first"])
        }
    }

    @Test func aBodyDoesNotBeginIfTheTracerFailsThere() async {
        await onThread {
            var ran = false
            let greenlet = RawGreenlet { ran = true }
            RawGreenlet.setTracer { _ in throw Failure() }
            #expect(throws: Failure.self) { try greenlet.switch() }
            #expect(!ran && greenlet.isDead)
        }
    }

    @Test func settingTheSameTracerAgainReturnsIt() async {
        await onThread {
            var calls = 0
            let tracer: RawGreenlet.Tracer = { _ in calls += 1 }
            RawGreenlet.setTracer(tracer)
            let previous = RawGreenlet.setTracer(tracer)
            try previous?(SwitchEvent.sample())
            #expect(calls == 1)
            RawGreenlet.setTracer(previous)
            try RawGreenlet {}.switch()
            #expect(calls == 3)
        }
    }

    @Test func aTracerMaySwitch() async {
        await onThread {
            var log: [String] = []
            let main = RawGreenlet.current
            let second = RawGreenlet { first in
                log.append("second \(first as? String ?? "")")
                try main.switch("from second")
                return nil
            }
            var isFirst = true
            RawGreenlet.setTracer { event in
                log.append("\(event.kind)")
                if !isFirst { return }
                isFirst = false
                try second.switch("from tracer")
                log.append("tracer goes on")
            }
            let first = RawGreenlet { value in
                log.append("first \(value as? String ?? "")")
                return "first done"
            }
            // The tracer leaves `first` before it has begun; the switch of `main` ends with what `second` hands over.
            try #expect(first.switch("from main") as? String == "from second")
            #expect(first.isActive)
            try #expect(first.switch("resumed in the tracer") as? String == "first done")
            RawGreenlet.setTracer(nil)
            #expect(
                log == [
                    "switch", "switch", "second from tracer", "switch", "switch", "tracer goes on", "first from main",
                    "switch",
                ]
            )
            try second.switch()
        }
    }

    @Test func eachThreadHasItsOwnTracer() async {
        await onThread {
            RawGreenlet.setTracer { _ in }
            runOnThreadAndWait { #expect(RawGreenlet.tracer == nil) }
            #expect(RawGreenlet.tracer != nil)
        }
    }

    @Test func orphansEndUnderATracerToo() async {
        await onThread {
            let trace = Trace()
            let main = trace.name(RawGreenlet.current, "main")
            RawGreenlet.setTracer { trace.note($0) }
            var greenlet: RawGreenlet? = RawGreenlet { try main.switch() }
            try greenlet?.switch()
            greenlet = nil
            _ = RawGreenlet {}
            RawGreenlet.setTracer(nil)
            // Its handle is a new one by then.
            #expect(trace.events == ["switch main ?", "switch ? main", "throw main ?", "switch ? main"])
        }
    }
}

extension SwitchEvent {
    /// An event as the tracer gets it.
    fileprivate static func sample() throws -> SwitchEvent {
        var sample: SwitchEvent?
        let previous = RawGreenlet.setTracer { sample = $0 }
        try RawGreenlet.current.switch()
        RawGreenlet.setTracer(previous)
        return try #require(sample)
    }
}
