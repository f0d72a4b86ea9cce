// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Callbacks at the end of a greenlet.

import GreenletCore
import GreenletHub
import GreenletTestSupport
import Testing

@Suite struct LinkTests {
    @Test func linksAreCalledInOrderEachInItsOwnGreenlet() async {
        await onHub {
            var calls: [Int] = []
            var callers: Set<AnyGreenlet> = []
            let source = spawn { 5 }
            for number in 1...3 {
                source.link { ended in
                    try sleep(.milliseconds(1))
                    calls.append(number * (ended.value ?? 0))
                    callers.insert(AnyGreenlet.current)
                }
            }
            try sleep(.milliseconds(20))
            #expect(calls == [5, 10, 15])
            #expect(callers.count == 3 && !callers.contains(source))
        }
    }

    @Test func aLinkMadeAfterTheEndIsCalledToo() async {
        await onHub {
            let source = spawn {}
            try source.join()
            var calls = 0
            source.link { _ in calls += 1 }
            #expect(calls == 0)
            try settle()
            #expect(calls == 1)
            source.link { _ in calls += 1 }
            try settle()
            #expect(calls == 2)
        }
    }

    @Test func aLinkThatThrowsIsReportedAndStopsNoOther() async {
        await onHub {
            let reports = Reports()
            var calls = 0
            let source = spawn {}
            source.link { _ in throw TestError(1) }
            source.link { _ in calls += 1 }
            try settle()
            #expect(calls == 1 && reports.errors == [TestError(1)])
        }
    }

    @Test func aLinkThatWasTakenBackIsNotCalled() async {
        await onHub {
            var calls: [Int] = []
            let source = spawn {}
            let first = source.link { _ in calls.append(1) }
            source.link { _ in calls.append(2) }
            source.unlink(first)
            source.unlink(first)
            try settle()
            #expect(calls == [2])
        }
    }

    @Test func aLinkMayTakeBackALaterOneWhileTheyAreCalled() async {
        await onHub {
            var calls: [Int] = []
            let source = spawn {}
            var second: LinkID?
            source.link { ended in
                calls.append(1)
                if let second { ended.unlink(second) }
            }
            second = source.link { _ in calls.append(2) }
            source.link { _ in calls.append(3) }
            try settle()
            #expect(calls == [1, 3])
        }
    }

    @Test func valueAndErrorLinksAreCalledForTheirsOnly() async {
        await onHub {
            let reports = Reports()
            var calls: [String] = []
            func watch(_ name: String, _ greenlet: Greenlet<Int>) {
                greenlet.linkValue { _ in calls.append("\(name) value") }
                greenlet.linkError { _ in calls.append("\(name) error") }
            }
            watch("good", spawn { 1 })
            watch("bad", spawn { throw TestError(1) })
            watch("quiet", spawn { throw GreenletExit() })
            try settle()
            #expect(calls == ["good value", "bad error", "quiet value"])
            #expect(reports.errors.isEmpty)
        }
    }

    @Test func aValueLinkDoesNotHideAnError() async {
        await onHub {
            let reports = Reports()
            spawn { throw TestError(9) }.linkValue { _ in }
            try settle()
            #expect(reports.errors == [TestError(9)])
        }
    }

    @Test func rawLinksRunInTheHubAndMustNotBlock() async {
        await onHub {
            var calls: [Int] = []
            var refusal: (any Error)?
            let source = spawn { 5 }
            source.rawLink { ended in
                calls.append(ended.value ?? 0)
                refusal = caught { try sleep(.milliseconds(1)) }
            }
            let second = source.rawLink { _ in calls.append(6) }
            source.rawLink { _ in calls.append(7) }
            source.unlink(second)
            try source.join()
            try settle()
            #expect(calls == [5, 7])
            #expect((refusal as? GreenletError)?.code == .blockingInHub)
            source.rawLink { _ in calls.append(8) }
            try settle()
            #expect(calls == [5, 7, 8])
        }
    }

    @Test func allLinksCanBeTakenBack() async {
        await onHub {
            var calls = 0
            let source = spawn {}
            #expect(!source.hasLinks)
            source.link { _ in calls += 1 }
            source.rawLink { _ in calls += 1 }
            #expect(source.hasLinks)
            source.unlinkAll()
            #expect(!source.hasLinks)
            let group = Group([source])
            source.unlinkAll()
            try group.join()
            try settle()
            #expect(calls == 0 && group.isEmpty)
        }
    }

    @Test(arguments: [1, 2, 3, 999])
    func anyNumberIsCalledInTheOrderTheyWereMade(count: Int) async {
        await onHub {
            var calls = [0]
            let source = spawn { calls.append(1) }
            for number in 0..<count { source.link { _ in calls.append(2 + number) } }
            try source.join()
            try settle()
            #expect(calls == Array(0..<count + 2))
        }
    }

    @Test func aLinkMayPutIntoAQueueOrAChannel() async {
        await onHub {
            let (queue, channel) = (Queue<Greenlet<Int>>(), Channel<Greenlet<Int>>())
            let sources = (1...3).map { number in spawn { number } }
            for source in sources {
                source.link { try queue.put($0) }
                source.link { try channel.put($0) }
            }
            let queued = try sources.map { _ in try queue.get().get() }
            let sent = try sources.map { _ in try channel.get().get() }
            #expect(queued == [1, 2, 3] && sent == [1, 2, 3])
            sources[1].link { try channel.put($0) }
            let late = try channel.get()
            #expect(late === sources[1])
        }
    }

    @Test(arguments: [true, false])
    func everyKindCanBeTakenBack(fails: Bool) async {
        await onHub {
            let reports = Reports()
            var calls = 0
            let source = spawn { () throws -> Int in
                if fails { throw TestError(1) }
                return 1
            }
            let links = [
                source.link { _ in calls += 1 }, source.linkValue { _ in calls += 1 },
                source.linkError { _ in calls += 1 },
            ]
            for link in links { source.unlink(link) }
            try settle()
            #expect(calls == 0 && source.isReady)
            #expect(reports.errors == (fails ? [TestError(1)] : []), "nobody is left who would see the error")
        }
    }

    @Test func thoseOfAFailingGreenletAreAllCalledThoughSomeThrow() async {
        await onHub {
            let reports = Reports()
            var calls: [Int] = []
            let source = spawn { throw TestError(1) }
            for number in 2...4 {
                source.link { _ in
                    calls.append(number)
                    throw TestError(number)
                }
            }
            try settle()
            #expect(calls == [2, 3, 4] && reports.errors == [TestError(2), TestError(3), TestError(4)])
        }
    }

    @Test(arguments: [false, true], [false, true])
    func aCallbackMayHoldWhatTakesItBack(all: Bool, hasEnded: Bool) async {
        await onHub {
            var calls = 0
            let source = spawn { try sleep(.milliseconds(1)) }
            let tokens = (0..<3).map { _ in
                let token = Token(source)
                token.link = source.link { _ in
                    withExtendedLifetime(token) {}
                    calls += 1
                }
                return token.link
            }
            if hasEnded { try source.join() }
            if all { source.unlinkAll() } else { for case let link? in tokens { source.unlink(link) } }
            #expect(!source.hasLinks)
            try source.join()
            try settle()
            #expect(calls == 0)
        }
    }

    @Test func rawOnesAreCalledBeforeTheOthersBegin() async {
        await onHub {
            var calls: [String] = []
            let source = spawn {}
            for number in 1...3 {
                source.link { _ in calls.append("link \(number)") }
                source.rawLink { _ in calls.append("raw \(number)") }
            }
            try source.join()
            try settle()
            #expect(calls == ["raw 1", "raw 2", "raw 3", "link 1", "link 2", "link 3"])
        }
    }
}

/// Takes a link back when it ends.
private final class Token {
    private let greenlet: AnyGreenlet
    var link: LinkID?

    init(_ greenlet: AnyGreenlet) { self.greenlet = greenlet }

    deinit { if let link { greenlet.unlink(link) } }
}
