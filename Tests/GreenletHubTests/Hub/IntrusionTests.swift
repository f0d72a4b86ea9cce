// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Raw greenlets that wait for the hub and are switched into by hand meanwhile.

import Glibc
import GreenletCore
import GreenletHub
import GreenletTestSupport
import Testing

/// Whoever switches by hand into a greenlet that ends elsewhere is never resumed: each test leaves him behind.
@Suite struct IntrusionTests {
    @Test func anErrorThrownInByHandEndsTheWait() async {
        await onHub(allowingLeftovers: true) {
            var ended: (any Error)?
            let raw = RawGreenlet { ended = caught { try sleep(.seconds(10)) } }
            spawn { try raw.throw(TestError(4)) }
            try raw.switch()
            #expect(ended as? TestError == TestError(4))
            // Nothing of it is left for the next switch of somebody else.
            let me = RawGreenlet.current
            #expect(caught { try RawGreenlet { try me.switch() }.switch() } == nil)
        }
    }

    @Test func aSwitchByHandIntoAWaitingGreenletIsAnError() async {
        await onHub(allowingLeftovers: true) {
            let event = Event()
            var ended: (any Error)?
            let raw = RawGreenlet { ended = caught { try event.wait() } }
            spawn { try raw.switch() }
            try raw.switch()
            #expect((ended as? GreenletError)?.code == .invalidSwitch)
            event.set()
            try sleep(.milliseconds(2))
        }
    }

    @Test func aSwitchByHandIntoAWaitForADescriptorIsOneToo() async {
        await onHub(allowingLeftovers: true) {
            var ends: [CInt] = [0, 0]
            try #require(pipe(&ends) == 0)
            let poller = try Hub.current.poller(for: ends[0])
            var ended: (any Error)?
            let raw = RawGreenlet { ended = caught { _ = try poller.wait(.read, for: WaitReason("a test")) } }
            spawn { try raw.switch() }
            try raw.switch()
            #expect((ended as? GreenletError)?.code == .invalidSwitch && Hub.current.externalWaits == 0)
            let next = spawn { try poller.wait(.read, for: WaitReason("a test")) }
            try settle()
            write(ends[1], "x", 1)
            let isReady = try next.get()
            #expect(isReady)
            Hub.current.forget(ends[0])
            for end in ends { close(end) }
        }
    }

    @Test func aGreenletThatIsResumedByHandIsNotResumedAgainByTheHub() async {
        await onHub(allowingLeftovers: true) {
            let event = Event()
            var rounds = 0
            let raw = RawGreenlet {
                if try event.wait() { rounds += 1 }
            }
            spawn {
                event.set()  // stands in the run queue from now on
                try raw.switch()
            }
            try raw.switch()
            #expect(rounds == 1 && raw.isDead)
            try joinAll((0..<3).map { _ in spawn { try sleep(.milliseconds(2)) } })
            #expect(rounds == 1)
        }
    }

    @Test(arguments: [0, 3, 64, 150])
    func whoIsResumedByHandLeavesTheOrderOfTheOthers(position: Int) async {
        await onHub(allowingLeftovers: true) {
            let event = Event()
            var order: [Int] = []
            let raw = RawGreenlet { _ = try event.wait() }
            let main = RawGreenlet.current
            spawn { try main.throw(TestError(1)) }  // `raw` waits: comes back to here
            #expect(caught { try raw.switch() } != nil)
            for index in 0..<200 {
                if index == position { event.set() }  // stands in the run queue from now on
                spawn { order.append(index) }
            }
            try raw.switch()
            #expect(raw.isDead)
            try sleep(.milliseconds(5))
            #expect(order == Array(0..<200))
        }
    }
}
