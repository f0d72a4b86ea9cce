// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Choosing among things of somebody's own that do more than tell whether they are ready.

import GreenletCore
import GreenletHub
import GreenletTestSupport
import Testing

/// A `Waitable` of somebody's own that does more than it should when it is asked the second time: while the chooser
/// goes to his places.
private final class Mischief: Waitable {
    private let event = Event()
    private let deed: (Event) -> Void
    private var asked = 0

    init(_ deed: @escaping (Event) -> Void) { self.deed = deed }

    var readiness: Readiness {
        asked += 1
        if asked == 2 { deed(event) }
        return event.readiness
    }

    var isLeft: Bool { "\(event)".hasSuffix(" 0 waiting>") }
}

@Suite struct ChooserDisturbedTests {
    @Test func whoIsKilledWhileHeGoesToHisPlacesTakesNothing() async {
        await onHub {
            for _ in 0..<40 {  // the order of places is chance
                let permits = Semaphore(0)
                let mischief = Mischief { _ in
                    let chooser = AnyGreenlet.current
                    spawn { permits.release() }  // runs before the chooser does
                    chooser.inject(TestError(3))
                }
                let chooser = spawn { try choose([.acquire(permits) { 1 }, .wait(for: mischief) { 2 }]) }
                Hub.current.errorHandler = { _, _ in }
                try chooser.join()
                #expect(chooser.error as? TestError == TestError(3))
                #expect(permits.value == 1, "the permit is nobody's")
                #expect(mischief.isLeft)
            }
        }
    }

    @Test func whoIsServedWhileHeGoesToHisPlacesGoesNoFurther() async {
        await onHub(limit: .seconds(20)) {
            for _ in 0..<40 {
                let (first, second) = (Queue<Int>(), Queue<Int>())
                let mischief = Mischief { event in
                    guard "\(first)".contains(" 1 getting") else { return }  // he comes to that one later
                    try? first.put(1)
                    spawn {  // runs before the chooser does
                        event.set()
                        try second.put(2)
                    }
                }
                let chooser = spawn {
                    try choose([.get(from: first) { $0 }, .wait(for: mischief) { 3 }, .get(from: second) { $0 }])
                }
                try settle()
                let isServed = chooser.isReady
                if isServed {
                    let item = try chooser.get()
                    #expect(item == 1 && first.isEmpty)
                } else {
                    try chooser.kill()
                }
                #expect(second.count == (isServed ? 1 : 0), "what came later is nobody's")
                #expect(mischief.isLeft && "\(second)".contains(" 0 getting"))
            }
        }
    }
}
