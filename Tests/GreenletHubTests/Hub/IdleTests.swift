// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// When idlers run, and what comes before them.

import Glibc
import GreenletCore
import GreenletHub
import GreenletTestSupport
import Testing

@Suite struct IdleTests {
    @Test func whoeverCanRunComesFirst() async {
        await onHub {
            var order: [String] = []
            let idler = spawn {
                try idle()
                order.append("idle")
            }
            let busy = spawn {
                for number in 0..<50 {
                    order.append("busy \(number)")
                    try yieldNow()
                }
            }
            try joinAll([idler, busy])
            #expect(order.count == 51 && order.last == "idle")
        }
    }

    @Test(arguments: [Duration.milliseconds(2), .seconds(30)])
    func anEventThatHasComeAndATimerThatIsDueComeFirst(delay: Duration) async {
        await onHub {
            var ends: [CInt] = [0, 0]
            pipe(&ends)
            defer { for end in ends { close(end) } }
            var order: [String] = []
            let reader = spawn {
                _ = try waitReadable(ends[0])
                try settle()  // what it leads to comes first, too
                order.append("input")
            }
            let sleeper = spawn {
                try sleep(delay)
                order.append("timer")
            }
            let idler = spawn {
                try settle()
                write(ends[1], "x", 1)
                usleep(5_000)
                try idle()
                order.append("idle")
            }
            try joinAll([reader, idler])
            #expect(Set(order.dropLast()) == (delay < .seconds(1) ? ["input", "timer"] : ["input"]))
            #expect(order.last == "idle")
            try sleeper.kill()
        }
    }

    @Test func aTimerThatIsNotDueIsNotWaitedFor() async {
        await onHub {
            let sleeper = spawn { try sleep(.seconds(30)) }
            try settle()
            let duration = try elapsed { for _ in 0..<10 { try idle() } }
            #expect(duration < .seconds(10))
            try sleeper.kill()
        }
    }

    @Test func allWhoWaitRunInTheOrderTheyCameAndOncePerCall() async {
        await onHub {
            var order: [Int] = []
            let idlers = (0..<3).map { number in
                spawn {
                    for round in 0..<2 {
                        try idle()
                        order.append(round * 10 + number)
                    }
                }
            }
            try joinAll(idlers)
            #expect(order == [0, 1, 2, 10, 11, 12])
        }
    }

    @Test func itIsNoDeadlockAndJoinWaitsForIt() async {
        await onHub {
            let event = Event()
            spawn {
                for _ in 0..<3 { try idle() }
                event.set()
            }
            let isSet = try event.wait()
            #expect(isSet)
            var ran = false
            spawn {
                try idle()
                ran = true
            }
            let isOver = try Hub.current.join()
            #expect(isOver && ran)
            #expect(throws: LoopExit.self) { try Event().wait() }
        }
    }

    @Test func killsAndTimeLimitsEndIt() async {
        await onHub {
            let isOver = Event()
            let busy = spawn { while !isOver.isSet { try yieldNow() } }
            let killed = spawn { try idle() }
            let limited = spawn { try withTimeout(.milliseconds(5)) { try idle() } }
            try limited.join()
            #expect(limited.error is Timeout)
            #expect(!killed.isReady, "the hub never was idle")
            try killed.kill()
            #expect(killed.isReady && killed.error == nil)
            isOver.set()
            try busy.join()
        }
    }

    @Test func afterwardsTheHubSleepsAgain() async {
        await onHub {
            try idle()
            let before = timesAsleep()
            try sleep(.milliseconds(200))
            #expect(timesAsleep() - before < 10)
        }
    }
}
