// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Greenlets that belong together.

import GreenletCore
import GreenletHub
import GreenletTestSupport
import Testing

@Suite struct GroupTests {
    @Test func membersCanBeAskedWhateverTheirValues() async {
        await onHub {
            let group = Group()
            group.spawn { try sleep(.milliseconds(1)) }
            group.spawn {
                try yieldNow()
                return 5
            }
            let bad = group.spawn { throw TestError(1) }
            let members = group.members
            bad.linkError { _ in }
            for member in members { try member.join() }
            #expect(members.filter(\.isSuccessful).count == 2)
            #expect(members.compactMap { $0.error as? TestError } == [TestError(1)])
        }
    }

    @Test func membersLeaveWhenTheyEnd() async {
        await onHub {
            let group = Group()
            let event = Event()
            let quick = group.spawn { _ = try event.wait(timeout: .milliseconds(2)) }
            let slow = group.spawn { _ = try event.wait() }
            #expect(group.count == 2 && !group.isEmpty && group.contains(quick) && group.members == [quick, slow])
            try quick.join()
            #expect(group.count == 1 && !group.contains(quick) && group.members == [slow])
            event.set()
            try slow.join()
            #expect(group.isEmpty)
        }
    }

    @Test func joinWaitsForAllAlsoThoseThatComeLater() async {
        await onHub {
            let group = Group()
            var order: [String] = []
            group.spawn {
                try sleep(.milliseconds(2))
                group.spawn {
                    try sleep(.milliseconds(4))
                    order.append("late")
                }
                order.append("early")
            }
            let empty = try group.join()
            #expect(empty && order == ["early", "late"])
            let again = try group.join()
            #expect(again)
        }
    }

    @Test func joinGivesUpWhenItsTimeIsOver() async {
        await onHub {
            let group = Group()
            group.spawn { try sleep(.milliseconds(30)) }
            let early = try group.join(timeout: .milliseconds(2))
            let late = try group.join()
            #expect(!early && late)
        }
    }

    @Test func aMemberThatFailsLeavesAndJoinDoesNotThrow() async {
        await onHub {
            let reports = Reports()
            let group = Group()
            group.spawn { throw TestError(3) }
            let empty = try group.join()
            #expect(empty && reports.errors == [TestError(3)])
        }
    }

    @Test func discardedMembersRunOn() async {
        await onHub {
            let group = Group()
            let greenlet = group.spawn { try sleep(.milliseconds(5)) }
            group.discard(greenlet)
            group.discard(greenlet)
            let empty = try group.join()
            #expect(empty && !greenlet.isReady)
            try greenlet.join()
        }
    }

    @Test func greenletsMayBeAddedOnceAndNotWhenTheyHaveEnded() async {
        await onHub {
            let (ended, running) = (spawn {}, spawn { try sleep(.milliseconds(5)) })
            try ended.join()
            let group = Group([ended, running])
            group.add(running)
            #expect(group.members == [running])
            try group.join()
            #expect(running.isReady)
        }
    }

    @Test func itsFirstMembersMayComeInAnySequence() async {
        await onHub {
            let (number, text) = (Greenlet { 1 }, Greenlet { "one" })
            let mixed = Group([number, text])
            #expect(mixed.members == [number, text] && !mixed.isFull)
            let table = [1: Greenlet { 1 }, 2: Greenlet { 2 }]
            let group = Group(table.values)
            #expect(group.count == 2 && Group().isEmpty)
            try killAll(table.values)
            try mixed.kill()
            #expect(group.isEmpty && mixed.isEmpty)
        }
    }

    @Test func whoeverIsStartedInItIsAMember() async {
        await onHub {
            let group = Group()
            var runs: [String] = []
            let (fresh, begun) = (Greenlet { runs.append("fresh") }, spawn { runs.append("begun") })
            let (late, ended) = (Greenlet { runs.append("late") }, spawn { runs.append("ended") })
            try ended.join()
            late.start(after: .milliseconds(1))
            #expect(!fresh.isActive && late.isActive && !ended.isActive && AnyGreenlet.current.isActive)
            for greenlet in [begun, late, ended, fresh, fresh] { group.start(greenlet) }
            group.start(.current)
            #expect(group.members == [late, fresh] && fresh.isActive)  // the other ran when its elder was joined
            try group.join()
            #expect(runs == ["begun", "ended", "fresh", "late"] && !fresh.isActive)
        }
    }

    @Test func aJoinMayThrowTheFirstErrorOfThoseThatItFound() async {
        await onHub {
            let reports = Reports()
            let (group, gate) = (Group(), Event())
            group.spawn {
                try gate.wait()
                throw TestError(2)
            }
            group.spawn {
                try yieldNow()
                group.spawn {
                    gate.set()
                    throw TestError(3)
                }
                throw TestError(1)
            }
            group.spawn { 5 }
            #expect(throws: TestError(1)) { try group.join(raisingErrors: true) }
            #expect(group.isEmpty && reports.errors == [TestError(3), TestError(2)])
            let empty = try group.join(raisingErrors: true)
            #expect(empty)
        }
    }

    @Test func aJoinWhoseTimeIsOverThrowsWhatItHasSeen() async {
        await onHub {
            let reports = Reports()
            let group = Group()
            let slow = group.spawn { try sleep(.seconds(10)) }
            let early = try group.join(timeout: .milliseconds(1), raisingErrors: true)
            #expect(!early)
            group.spawn { throw TestError(1) }
            #expect(throws: TestError(1)) { try group.join(timeout: .milliseconds(2), raisingErrors: true) }
            try slow.kill(with: TestError(2))
            #expect(reports.errors == [TestError(2)])
        }
    }

    @Test func whatAJoinHasSeenIsReportedIfItIsKilled() async {
        await onHub {
            let reports = Reports()
            let group = Group()
            let slow = group.spawn { try sleep(.seconds(10)) }
            group.spawn {
                try yieldNow()
                throw TestError(1)
            }
            let joiner = spawn { try group.join(raisingErrors: true) }
            try settle()
            #expect(reports.list.isEmpty)
            try joiner.kill()
            #expect(reports.errors == [TestError(1)])
            try slow.kill(with: TestError(2))
            #expect(reports.errors == [TestError(1), TestError(2)])
        }
    }

    @Test func groupsAndPoolsMayBeHandledAlike() async {
        await onHub {
            func stop(_ groups: [AnyGroup]) throws {
                for group in groups { try group.kill(timeout: .seconds(5)) }
            }
            let (group, pool) = (Group(), Pool(size: 1))
            for group in [group, pool] { group.applyAsync { try sleep(.seconds(10)) } }
            #expect(group.size == nil && pool.size == 1 && !group.isFull && pool.isFull)
            try settle()
            try stop([group, pool])
            #expect(group.isEmpty && pool.isEmpty)
        }
    }

    @Test func withoutALimitThereIsNoLine() async {
        await onHub {
            let group = Group()
            let (first, second) = (group.applyAsync(name: "first") { 1 }, group.applyAsync { 2 })
            #expect(group.members == [first, second] && first.name == "first")
            let squares = group.mapAsync(1...3) { $0 * $0 }
            let values = try squares.get()
            #expect(values == [1, 4, 9] && first.value == 1 && second.value == 2)
        }
    }

    @Test func killEndsAllAndThoseThatHaveNotStartedNeverRun() async {
        await onHub {
            let group = Group()
            var runs = 0
            group.spawn { try sleep(.seconds(10)) }
            try settle()
            group.spawn { runs += 1 }
            let empty = try group.kill()
            #expect(empty && group.isEmpty && runs == 0)
            let again = try group.kill()
            #expect(again)
        }
    }

    @Test func withoutWaitingTheyDieLater() async {
        await onHub {
            let group = Group()
            group.spawn { try sleep(.seconds(10)) }
            try settle()
            let empty = try group.kill(wait: false)
            #expect(!empty && group.count == 1)
            try settle()
            #expect(group.isEmpty)
        }
    }

    @Test func eachMemberIsKilledOnce() async {
        await onHub {
            var shots = [0, 0]
            var isOver = false
            let undead = (0..<2).map { number in
                spawn {
                    while !isOver { if caught({ try sleep(.seconds(10)) }) is GreenletExit { shots[number] += 1 } }
                }
            }
            try settle()
            let group = Group(undead)
            try group.killOne(undead[0], wait: false)
            try group.killOne(undead[0], timeout: .milliseconds(1))
            #expect(shots == [1, 0])
            for _ in 0..<3 { try group.kill(wait: false) }
            try settle()
            let empty = try group.kill(timeout: .milliseconds(1))
            #expect(shots == [1, 1] && !empty && group.count == 2)
            isOver = true
            for greenlet in undead { try greenlet.kill(with: TestError()) }
        }
    }

    @Test func aMemberThatKillsItsGroupGoesLast() async {
        await onHub {
            let group = Group()
            let other = group.spawn { try sleep(.seconds(10)) }
            var after = false
            let killer = group.spawn {
                defer { after = other.isReady }
                try group.kill()
            }
            try joinAll([other, killer] as [AnyGreenlet])
            #expect(group.isEmpty && killer.isSuccessful && !after)

            let stubborn = group.spawn { () throws -> Bool in
                _ = try? group.kill()
                return try group.kill()  // nobody but itself is left to wait for
            }
            let empty = try stubborn.get()
            #expect(!empty)
        }
    }

    @Test func membersThatAreAddedDuringAKillAreKilledToo() async {
        await onHub {
            let group = Group()
            group.spawn {
                defer { group.spawn { try sleep(.seconds(10)) } }
                try sleep(.seconds(10))
            }
            try settle()
            let empty = try group.kill(timeout: .seconds(1))
            #expect(empty)
        }
    }

    @Test func killOneLeavesTheOthersAlone() async {
        await onHub {
            let group = Group()
            let members = (0..<2).map { _ in group.spawn { try sleep(.seconds(10)) } }
            let stranger = spawn { try sleep(.milliseconds(2)) }
            try settle()
            let gone = try group.killOne(members[0])
            let nothing = try group.killOne(stranger)
            #expect(gone && nothing && group.members == [members[1]])
            try stranger.join()
            #expect(stranger.isSuccessful && stranger.value != nil)
            try group.kill()
        }
    }

    @Test func applyRunsInAMemberAndInAMemberInline() async {
        await onHub {
            let group = Group()
            let (inner, outer) = try group.apply {
                let outer = AnyGreenlet.current
                return (try group.apply { AnyGreenlet.current }, outer)
            }
            #expect(inner === outer && inner !== AnyGreenlet.current)
            #expect(throws: TestError(1)) { try group.apply { throw TestError(1) } }
        }
    }

    @Test func mapKeepsTheOrder() async {
        await onHub {
            let group = Group()
            let times = [5, 1, 3]
            let results = try group.map(times) { time in
                try sleep(.milliseconds(time))
                return "\(time)"
            }
            #expect(results == ["5", "1", "3"] && group.isEmpty)
            let none = try group.map([Int]()) { $0 }
            #expect(none.isEmpty)
        }
    }

    @Test func mapThrowsTheFirstErrorAndReportsLaterOnes() async {
        await onHub {
            let reports = Reports()
            let (group, event) = (Group(), Event())
            #expect(throws: TestError(2)) {
                try group.map([1, 2, 3, 4]) { number in
                    switch number {
                    case 1: return
                    case 2: try sleep(.milliseconds(1))
                    case 4: try event.wait()
                    default: break
                    }
                    throw TestError(number)
                }
            }
            #expect(group.count == 1)
            event.set()
            try group.join()
            #expect(reports.errors == [TestError(4)])
        }
    }

    @Test func aGroupIsGoneWhenNobodyHoldsIt() async {
        await onHub {
            var group: Group? = Group()
            weak let observed = group
            let running = group?.spawn { try sleep(.milliseconds(3)) }
            group?.add(Greenlet {})
            group = nil
            #expect(observed == nil)
            try running?.join()
        }
    }
}
