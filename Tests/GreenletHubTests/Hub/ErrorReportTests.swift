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

    @Test func aHandlerMaySetTheNextOneWhenItGoes() async {
        await onHub {
            final class Restoring {
                let restore: () -> Void
                init(_ restore: @escaping () -> Void) { self.restore = restore }
                deinit { restore() }
            }
            let hub = Hub.current
            var told: [String] = []
            var restoring: Restoring? = Restoring { hub.errorHandler = { _, _ in told.append("restored") } }
            hub.errorHandler = { [restoring] _, _ in withExtendedLifetime(restoring) { told.append("first") } }
            restoring = nil
            hub.errorHandler = { _, _ in told.append("second") }
            try spawn { throw TestError(1) }.join()
            #expect(told == ["restored"])
        }
    }

    @Test(arguments: Asker.allCases)
    func whoHasBeenWokenOtherwiseDoesNotSeeTheError(asker: Asker) async {
        await onHub {
            let reports = Reports()
            let event = Event()
            let worker = spawn {
                try event.wait()
                throw TestError(5)
            }
            let before = asker.stands == .behindOthers ? spawn { try worker.join() } : nil
            let asking = spawn { try asker.ask(worker) }
            try settle()
            event.set()
            try asking.kill(wait: false)  // it is woken before the worker ends, and runs after it
            try asking.join()
            #expect(asking.isSuccessful && reports.errors == [TestError(5)])
            try before?.join()
        }
    }

    @Test(arguments: Asker.allCases)
    func whoIsKilledWhenTheErrorIsThereSeesItFirst(asker: Asker) async {
        await onHub {
            let reports = Reports()
            let event = Event()
            let worker = spawn {
                try event.wait()
                throw TestError(5)
            }
            let before = asker.stands == .behindOthers ? spawn { try worker.join() } : nil
            var seen: (any Error)?
            let asking = spawn { seen = caught { try asker.ask(worker) } }
            try settle()
            event.set()
            spawn { try asking.kill(wait: false) }
            try asking.join()
            #expect(seen as? TestError == TestError(5) && reports.errors.isEmpty)
            try before?.join()
        }
    }

    @Test(arguments: [false, true])
    func ofTwoThatFailAtOnceJoinAllThrowsOneAndTheOtherIsReported(areJoined: Bool) async {
        await onHub {
            let reports = Reports()
            let event = Event()
            let both = (1...2).map { number in
                spawn {
                    try event.wait()
                    throw TestError(number)
                }
            }
            let others = areJoined ? both.map { one in spawn { try one.join() } } : []
            try settle()
            spawn { event.set() }
            #expect(throws: TestError(1)) { try joinAll(both, raisingErrors: true) }
            #expect(reports.errors == [TestError(2)])
            try joinAll(others)
        }
    }

    @Test func whatComesWhenEnoughHaveEndedIsReported() async {
        await onHub {
            let reports = Reports()
            let event = Event()
            let good = spawn { try event.wait() }
            let bad = spawn {
                try event.wait()
                throw TestError(1)
            }
            try settle()
            spawn { event.set() }
            let ended = try joinAll([good, bad], raisingErrors: true, count: 1)
            try bad.join()
            #expect(ended == [good] && reports.errors == [TestError(1)])
        }
    }
}

/// Who gets the error that a greenlet ends with.
struct Asker: CaseIterable, Sendable {
    enum Place {
        case first
        case behindOthers
    }

    let stands: Place
    let ask: @Sendable (Greenlet<Void>) throws -> Void

    static let allCases: [Asker] = [Place.first, .behindOthers].flatMap { place in
        [
            Asker(stands: place) { try $0.get() },
            Asker(stands: place) { try joinAll([$0], raisingErrors: true) },
            Asker(stands: place) { try choose([.get(from: $0) { $0 }]) },
        ]
    }
}
