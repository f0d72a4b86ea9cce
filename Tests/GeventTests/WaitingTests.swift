// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// gevent.wait and gevent.iwait as a user of gevent writes them.

import Gevent
import GreenletTestSupport
import Testing

@Suite struct WaitingTests {
    @Test func waitAndIwaitTakeSecondsAndAnything() async {
        await onHub {
            let event = Event()
            let greenlet = Gevent.spawn { event.set() }
            let objects: [any Waitable] = [greenlet, event]
            let ready = try Gevent.wait(objects, timeout: 30)
            #expect(ready.first === event && ready.count == 2)
            let one = try Gevent.wait([greenlet], timeout: 0.001, count: 1)
            #expect(one == [greenlet])
            var seen = 0
            for _ in Gevent.iwait([event, Event()], timeout: 0.001) { seen += 1 }
            for _ in Gevent.iwait(objects, count: 1) { seen += 1 }
            #expect(seen == 2)
        }
    }

    @Test func waitForNothingInParticularWaitsForAll() async {
        await onHub {
            var ended = 0
            Gevent.spawn {
                try Gevent.sleep(0.001)
                ended += 1
            }
            let late = try Gevent.wait(timeout: 0.0001)
            let heartbeat = Gevent.spawn { while true { try Gevent.sleep(0.0005, keepsHubAlive: false) } }
            let done = try Gevent.wait()
            #expect(!late && done && ended == 1 && !heartbeat.isReady)
            try heartbeat.kill()
        }
    }
}
