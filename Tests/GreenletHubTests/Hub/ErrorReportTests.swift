// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Errors that nobody waits for.

import Glibc
import GreenletCore
import GreenletHub
import GreenletTestSupport
import Testing

@Suite struct ErrorReportTests {
    @Test func anUncaughtErrorIsReportedAndHarmsNobodyElse() async {
        await onHub {
            let reports = Reports()
            let other = spawn {
                try sleep(.milliseconds(2))
                return "alive"
            }
            let bad = spawn { throw TestError(1) }
            let value = try other.get()
            #expect(value == "alive")
            #expect(reports.list.count == 1 && reports.list.first?.greenlet === bad)
            #expect(reports.errors == [TestError(1)])
        }
    }

    @Test func whatSomebodyWaitsForIsNotReported() async {
        await onHub {
            let reports = Reports()
            let bad = spawn {
                try sleep(.milliseconds(1))
                throw TestError(2)
            }
            #expect(throws: TestError(2)) { try bad.get() }
            let linked = spawn { throw TestError(3) }
            var seen: (any Error)?
            linked.link { seen = $0.error }
            try settle()
            #expect(seen as? TestError == TestError(3))
            #expect(reports.list.isEmpty)
        }
    }

    @Test func whoOnlyJoinsHasNotSeenTheError() async {
        await onHub {
            let reports = Reports()
            try spawn { throw TestError(4) }.join()
            #expect(reports.errors == [TestError(4)])
        }
    }

    @Test func whoGaveUpWaitingHasNotSeenTheError() async {
        await onHub {
            let reports = Reports()
            let bad = spawn {
                try sleep(.milliseconds(6))
                throw TestError(5)
            }
            #expect(throws: Timeout.self) { try bad.get(timeout: .milliseconds(1)) }
            try bad.join()
            #expect(reports.errors == [TestError(5)])
        }
    }

    @Test func anEndByRequestIsNotReported() async {
        await onHub {
            let reports = Reports()
            let quiet = spawn { throw GreenletExit() }
            let victim = spawn { try sleep(.seconds(10)) }
            try settle()
            try killAll([quiet, victim])
            #expect(reports.list.isEmpty)
        }
    }

    @Test func theHandlerMaySpawnWhoeverTakesCareOfIt() async {
        await onHub {
            var care: [String] = []
            Hub.current.errorHandler = { greenlet, error in
                spawn {
                    try sleep(.milliseconds(1))
                    care.append("\(greenlet.name): \(error)")
                }
            }
            spawn(name: "bad") { throw TestError(6) }
            try sleep(.milliseconds(10))
            #expect(care == ["bad: TestError(number: 6)"])
        }
    }

    @Test func reportsGoWhereTheHubIsTold() async {
        await onHub {
            var ends: [CInt] = [0, 0]
            pipe(&ends)
            let hub = Hub.current
            #expect(hub.errorOutput == STDERR_FILENO)
            hub.errorOutput = ends[1]
            try spawn(name: "one") { throw TestError(1) }.join()
            var seen = 0
            hub.errorHandler = { greenlet, error in
                seen += 1
                hub.printError(of: greenlet, error)
                throw TestError(3)
            }
            try spawn(name: "two") { throw TestError(2) }.join()
            hub.errorOutput = nil
            try spawn(name: "three") { throw TestError(4) }.join()
            close(ends[1])
            var buffer = [UInt8](repeating: 0, count: 4096)
            let count = read(ends[0], &buffer, buffer.count)
            close(ends[0])
            let lines = String(decoding: buffer.prefix(max(0, count)), as: UTF8.self).split(separator: "\n")
            try #require(lines.count == 4 && seen == 2)
            #expect(lines[0].hasPrefix("greenlet: one (") && lines[0].hasSuffix("failed: TestError(number: 1)"))
            #expect(lines[1] == lines[2] && lines[1].hasPrefix("greenlet: two ("))
            #expect(lines[3].contains("the error handler") && lines[3].contains("TestError(number: 3)"))
        }
    }
}
