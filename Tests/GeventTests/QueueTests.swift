// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// gevent's queues under gevent's names.

import Gevent
import GreenletTestSupport
import Testing

@Suite struct ShutdownTests {
    @Test func afterAShutdownGetsDrainThenFail() async {
        await onHub {
            let queue = Gevent.PriorityQueue<Int>()
            try queue.put(2)
            try queue.put(1)
            queue.shutdown()
            #expect(throws: QueueClosed()) { try queue.put(3) }
            let items = [try queue.get(), try queue.get()]
            #expect(items == [1, 2])
            #expect(throws: QueueClosed()) { try queue.get() }
        }
    }

    @Test func anImmediateShutdownDropsAllAndEndsJoins() async {
        await onHub {
            let queue = Gevent.Queue<Int>()
            try queue.put(1)
            let joining = spawn { try queue.join() }
            try yieldNow()
            queue.shutdown(immediately: true)
            let joined = try joining.get()
            #expect(joined && queue.isEmpty)
            #expect(throws: QueueClosed()) { try queue.get() }
        }
    }
}
