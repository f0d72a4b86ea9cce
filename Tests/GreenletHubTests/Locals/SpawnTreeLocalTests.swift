// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Variables that are bound for a scope and inherited by what is spawned there.

import GreenletCore
import GreenletHub
import GreenletTestSupport
import Testing

private let name = SpawnTreeLocal("none")
private let depth = SpawnTreeLocal(0)

private final class Token: Sendable {}

@Suite struct SpawnTreeLocalTests {
    @Test func itIsBoundForAScope() async {
        await onHub {
            #expect(name.value == "none")
            let result = name.withValue("outer") {
                #expect(name.value == "outer")
                name.withValue("inner") { #expect(name.value == "inner") }
                #expect(depth.value == 0)
                return name.value
            }
            #expect(result == "outer" && name.value == "none")
            #expect(throws: TestError(1)) { try name.withValue("failing") { throw TestError(1) } }
            #expect(name.value == "none")
        }
    }

    @Test func childrenSeeWhatTheirParentSawWhenTheyWereMade() async {
        await onHub {
            let (first, delayed, unstarted) = name.withValue("first") {
                let child = {
                    try yieldNow()
                    return [name.value, try spawn { name.value }.get()]
                }
                return (spawn(child), spawn(after: .milliseconds(1), child), Greenlet(child))
            }
            try name.withValue("second") {
                unstarted.start()
                let all = try [first, delayed, unstarted].map { try $0.get() }
                #expect(all == Array(repeating: ["first", "first"], count: 3))
            }
            let later = try spawn { name.value }.get()
            #expect(later == "none")
        }
    }

    @Test func whatAChildBindsIsItsOwnAffair() async {
        await onHub {
            try name.withValue("parent") {
                let child = spawn {
                    try name.withValue("child") {
                        try settle()
                        return name.value
                    }
                }
                try settle()
                #expect(name.value == "parent")
                let theirs = try child.get()
                #expect(theirs == "child")
            }
        }
    }

    @Test func scopesOfManyGreenletsDoNotMix() async {
        await onHub {
            let greenlets = (0..<200).map { number in
                spawn {
                    try depth.withValue(number) {
                        for _ in 0..<3 { try yieldNow() }
                        let child = try spawn { depth.value }.get()
                        return depth.value == number && child == number
                    }
                }
            }
            let right = try greenlets.filter { try $0.get() }
            #expect(right.count == 200)
        }
    }

    @Test func anErrorOfAKillLeavesTheScope() async {
        await onHub {
            var seen = ""
            let victim = spawn {
                defer { seen = name.value }
                try name.withValue("inside") { try sleep(.seconds(10)) }
            }
            try settle()
            try victim.kill()
            #expect(seen == "none")
        }
    }

    @Test func itLivesAsLongAsThoseWhoInheritedIt() async {
        await onHub {
            let local = SpawnTreeLocal<Token?>(nil)
            weak var token: Token?
            func spawnChild() -> Greenlet<Void> {
                let fresh = Token()
                token = fresh
                return local.withValue(fresh) { spawn { try sleep(.seconds(10)) } }
            }
            let child = spawnChild()
            #expect(token != nil)
            try settle()
            try child.kill()
            #expect(token == nil && child.isReady)
            let unstarted = spawnChild()
            #expect(token != nil)
            try unstarted.kill()
            #expect(token == nil && unstarted.isReady)
            func dropUnstarted() {
                let fresh = Token()
                token = fresh
                local.withValue(fresh) { _ = Greenlet {} }
            }
            dropUnstarted()
            #expect(token == nil)
        }
    }

    @Test func aLocalMayGoBeforeThoseWhoInheritedIt() async {
        await onHub {
            var child: Greenlet<String>?
            do {
                let local = SpawnTreeLocal("fallback")
                local.withValue("bound") {
                    child = spawn { [weak local] in
                        try yieldNow()
                        return local?.value ?? "gone"
                    }
                }
            }
            let others = (0..<100).map { SpawnTreeLocal($0) }
            #expect(others.enumerated().allSatisfy { $0.element.value == $0.offset })
            let seen = try child?.get()
            #expect(seen == "bound")
        }
    }

    @Test func generationsThatBindAndSpawnDoNotPileUp() async {
        await onHub {
            weak var firstToken: Token?
            let token = SpawnTreeLocal<Token?>(nil)
            var count = 0
            let done = Event()
            let limit = isSanitized ? 2000 : 100_000
            func generation() {
                count += 1
                let fresh = Token()
                if count == 1 { firstToken = fresh }
                token.withValue(fresh) {
                    if count < limit { spawn { generation() } } else { done.set() }
                }
                if count > 3 { #expect(firstToken == nil) }
            }
            spawn { generation() }
            try done.wait()
            #expect(count == limit)
        }
    }

    @Test func aLinkInheritsWhereItIsMade() async {
        await onHub {
            var seen: [String] = []
            let greenlet = name.withValue("greenlet") { spawn { try sleep(.seconds(10)) } }
            name.withValue("linker") { _ = greenlet.link { _ in seen.append(name.value) } }
            greenlet.link { _ in seen.append(name.value) }
            try settle()
            try name.withValue("killer") { _ = try greenlet.kill() }
            name.withValue("late") { _ = greenlet.link { _ in seen.append(name.value) } }
            try settle()
            #expect(seen == ["linker", "none", "late"])
        }
    }

    @Test func groupsAndPoolsHandItDown() async {
        await onHub {
            let (group, pool) = (Group(), Pool(size: 2))
            try name.withValue("group") {
                let inGroup = try group.spawn { name.value }.get()
                let inPool = try pool.spawn { name.value }.get()
                let inMap = try pool.lazyMap([1], ordered: false) { _ in name.value }.next()
                #expect([inGroup, inPool, inMap] == ["group", "group", "group"])
            }
        }
    }

    @Test func rawGreenletsAndTheHubStartAnew() async {
        await onHub {
            try name.withValue("main") {
                var raw = ""
                try RawGreenlet {
                    raw = name.value
                    try name.withValue("raw") {
                        let child = try spawn { name.value }.get()
                        #expect(child == "raw")
                    }
                }.switch()
                var hub: [String] = []
                var child: Greenlet<String>?
                Hub.current.runSoon {
                    hub.append(name.value)
                    name.withValue("hub") {
                        hub.append(name.value)
                        child = spawn { name.value }
                    }
                }
                try settle()
                try sleep(.milliseconds(1))
                let theirs = try child?.get()
                #expect(raw == "none" && hub == ["none", "hub"] && theirs == "hub")
            }
        }
    }

    @Test func looksOnAThreadWithoutAHubMakeNone() async {
        await onThread {
            #expect(name.value == "none")
            #expect(Hub.ifPresent == nil)
        }
    }

    @Test func threadsHaveTreesOfTheirOwn() async {
        await onHub {
            name.withValue("here") {
                runOnThreadAndWait {
                    #expect(name.value == "none")
                    name.withValue("there") { #expect(name.value == "there") }
                }
                #expect(name.value == "here")
            }
        }
    }

    @Test func whoIsToldOfAnErrorSeesWhatTheFailedOneSaw() async {
        await onHub {
            var told: [String] = []
            let hub = Hub.current
            hub.errorHandler = { failed, _ in told.append("\(failed.name): \(name.value)") }
            for isStarted in [true, false] {
                let victim = name.withValue("bound") { spawn(name: "victim") { try sleep(.seconds(10)) } }
                let free = spawn(name: "free") { try sleep(.seconds(10)) }
                try name.withValue("killer's") {
                    if isStarted { try settle() }
                    try killAll([victim, free], with: TestError(1))
                    #expect(name.value == "killer's")
                }
            }
            #expect(told == ["victim: bound", "free: none", "victim: bound", "free: none"])
        }
    }
}
