// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Greenlets that don't outlive a scope.

import GreenletCore
import GreenletHub
import GreenletTestSupport
import Testing

@Suite struct WithGreenletTests {
    @Test func theScopesEndWaitsForIt() async {
        await onHub {
            var log: [String] = []
            let result = try withGreenlet({
                try sleep(.milliseconds(2))
                log.append("greenlet")
            }) { _ in
                log.append("scope")
                return 7
            }
            #expect(result == 7 && log == ["scope", "greenlet"])
        }
    }

    @Test func anErrorOfTheScopeEndsItAndIsThrownOnOnly() async {
        await onHub {
            let reports = Reports()
            var seen: (any Error)?
            let error = caught {
                try withGreenlet({
                    do { try sleep(.seconds(60)) } catch {
                        seen = error
                        throw error
                    }
                }) { _ in
                    try yieldNow()
                    throw TestError(3)
                }
            }
            #expect(error as? TestError == TestError(3) && seen as? TestError == TestError(3))
            let early = caught { try withGreenlet({}) { _ in throw TestError(4) } }
            #expect(early as? TestError == TestError(4))
            let late = caught {
                try withTimeout(.milliseconds(1)) {
                    _ = try withGreenlet({ try sleep(.seconds(60)) }) { try $0.join() }
                }
            }
            #expect(late is Timeout && reports.list.isEmpty)
        }
    }

    @Test(arguments: [false, true])
    func whatItFailsWithInItsOwnWayIsReportedOnce(isEarly: Bool) async {
        await onHub {
            let reports = Reports()
            let error = caught {
                try withGreenlet({
                    do { if !isEarly { try sleep(.seconds(60)) } } catch {}
                    throw TestError(5)
                }) { _ in
                    try yieldNow()
                    throw TestError(3)
                }
            }
            #expect(error as? TestError == TestError(3) && reports.errors == [TestError(5)])
        }
    }

    @Test func whoIsKilledInTheScopeLeavesNobody() async {
        await onHub {
            var ended = 0
            let outer = spawn {
                try withGroup { group in
                    for _ in 0..<3 {
                        group.spawn {
                            defer { ended += 1 }
                            try sleep(.seconds(60))
                        }
                    }
                }
            }
            try settle()
            try outer.kill()
            #expect(ended == 3 && outer.isReady)
        }
    }

    @Test func aSecondKillDoesNotLeaveSomebodyBehind() async {
        await onHub {
            var ended = false
            let outer = spawn {
                try withGroup { group in
                    group.spawn {
                        defer {
                            try? sleep(.milliseconds(10))  // takes its time
                            ended = true
                        }
                        try sleep(.seconds(60))
                    }
                    try sleep(.seconds(60))
                }
            }
            try settle()
            try outer.kill(wait: false)
            try sleep(.milliseconds(2))
            try outer.kill()
            #expect(ended)
        }
    }

    @Test func aGroupsMembersMaySpawnMore() async {
        await onHub {
            var count = 0
            try withGroup { group in
                group.spawn {
                    count += 1
                    group.spawn { count += 1 }
                }
            }
            #expect(count == 2)
        }
    }

    @Test func aMembersErrorIsReportedAndEndsNobodyElse() async {
        await onHub {
            let reports = Reports()
            var isDone = false
            try withGroup { group in
                group.spawn { throw TestError(1) }
                group.spawn {
                    try sleep(.milliseconds(2))
                    isDone = true
                }
            }
            #expect(isDone && reports.errors == [TestError(1)])
        }
    }
}
