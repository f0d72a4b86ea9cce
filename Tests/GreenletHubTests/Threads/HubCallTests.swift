// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Calls that cross threads: from greenlets, from plain threads, and on the hub itself.

import Glibc
import GreenletCore
import GreenletHub
import GreenletTestSupport
import Testing

@Suite(.serialized) struct HubCallTests {
    @Test func theValueComesBackAndTheCallersHubGoesOn() async {
        await onHub {
            let worker = try Worker()
            let gate = ThreadSafeEvent()
            let own = Hub.current.thread.name
            let caller = spawn {
                try worker.handle.call {
                    try gate.wait()
                    return Hub.current.thread.name
                }
            }
            try sleep(.milliseconds(5))
            #expect(!caller.isReady)
            gate.set()
            let name = try caller.get(timeout: .seconds(20))
            #expect(name != own)
            worker.stop()
        }
    }

    @Test func theErrorComesBack() async {
        await onHub {
            let worker = try Worker()
            let error = caught { try worker.handle.call { throw TestError(7) } }
            #expect(error as? TestError == TestError(7))
            let exit = caught { try worker.handle.call { throw GreenletExit() } }
            #expect((exit as? GreenletError)?.code == .exited)
            worker.stop()
        }
    }

    @Test func aPlainThreadBlocksUntilItIsThere() async {
        await onHub {
            let (handle, log) = (Hub.current.handle, SharedLog<Int>())
            let isDone = ThreadSafeEvent()
            startThread {
                for number in 0..<100 {
                    guard let answer = try? handle.call({ number * 2 }) else { break }
                    log.append(answer)
                }
                isDone.set()
            }
            try isDone.wait(timeout: .seconds(20))
            #expect(log.entries == (0..<100).map { $0 * 2 })
        }
    }

    @Test func onTheHubItselfItIsRunHereAndNow() async {
        await onHub {
            let answer = try Hub.current.handle.call { ObjectIdentifier(AnyGreenlet.current) }
            #expect(answer == ObjectIdentifier(AnyGreenlet.current))
        }
    }

    /// Two hubs call each other, back and forth, from greenlets: neither stands still.
    @Test func hubsMayCallEachOtherAtTheSameTime() async {
        await onHub {
            let (worker, own) = (try Worker(), Hub.current.handle)
            let callers = (0..<20).map { number in
                spawn { try worker.handle.call { try own.call { try worker.handle.call { number } } } }
            }
            try joinAll(callers, timeout: .seconds(20), raisingErrors: true)
            let numbers = try callers.map { try $0.get() }
            #expect(numbers == Array(0..<20))
            worker.stop()
        }
    }

    @Test func whoHasNoTimeLeftLeavesAndTheWorkGoesOn() async {
        await onHub {
            let worker = try Worker()
            let (gate, isDone) = (ThreadSafeEvent(), ThreadSafeEvent())
            let body: @Sendable () throws -> Void = {
                try gate.wait()
                isDone.set()
            }
            let error = caught { try worker.handle.call(timeout: .milliseconds(5), body) }
            #expect(error is Timeout && "\(error!)".contains("call"))
            gate.set()
            let isInTime = try isDone.wait(timeout: .seconds(20))
            #expect(isInTime)
            worker.stop()
        }
    }

    /// The hub ends while others call it: each has its answer or an error, and nobody sleeps on.
    @Test func whoCallsAHubThatEndsHearsOfIt() async {
        await onHub {
            for round in 0..<(isSanitized ? 30 : 200) {
                let (thread, handle) = try startedHub { try sleep(.microseconds(Int64(round % 7) * 30)) }
                let callers = (0..<10).map { number in
                    spawn {
                        while true {
                            do {
                                _ = try handle.call(timeout: .seconds(20)) { try sleep(.microseconds(Int64(number))) }
                            } catch {
                                return (error as? GreenletError)?.code
                            }
                        }
                    }
                }
                try joinAll(callers, timeout: .seconds(40))
                for caller in callers {
                    let code = try caller.get(timeout: .zero)
                    #expect(code == .hubDestroyed || code == .exited, "\(String(describing: code))")
                }
                pthread_join(thread, nil)
            }
        }
    }

    /// The hub gives up on a greenlet, whose caller doesn't: it has no time limit.
    @Test func whoCallsSomethingThatOutlastsTheHubHearsOfIt() async {
        await onHub {
            let (hasBegun, stop) = (ThreadSafeEvent(), ThreadSafeEvent())
            let (thread, handle) = try startedHub {
                Hub.current.errorOutput = nil
                try stop.wait()
            }
            let caller = spawn {
                try handle.call {
                    hasBegun.set()
                    try shield { try sleep(.seconds(100)) }
                }
            }
            try hasBegun.wait()
            stop.set()
            let error = caught { try caller.get(timeout: .seconds(20)) }
            #expect((error as? GreenletError)?.code == .hubDestroyed, "\(String(describing: error))")
            pthread_join(thread, nil)
        }
    }

    @Test func aTaskMayNotBlockItsThread() async throws {
        // By a lock, as the thread sanitizer doesn't see what a continuation hands over.
        let workers = SharedLog<Worker>()
        try await withCheckedThrowingContinuation { continuation in
            startThread { continuation.resume(with: Result { workers.append(try Worker()) }) }
        }
        let worker = try #require(workers.entries.first)
        let runs = Tally()
        let error = caught { try worker.handle.call { _ = runs.add() } }
        #expect((error as? GreenletError)?.code == .blockingInTask)
        let event = ThreadSafeEvent()
        let other = caught { try event.wait(timeout: .milliseconds(1)) }
        #expect((other as? GreenletError)?.code == .blockingInTask)
        event.set()
        try event.wait()
        await withCheckedContinuation { continuation in
            startThread {
                worker.stop()
                continuation.resume()
            }
        }
        #expect(runs.count == 0, "nothing was submitted")
    }
}
