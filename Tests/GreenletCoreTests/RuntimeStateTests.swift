// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// What Swift and C keep per thread must follow the greenlet: every order of greenlets that hold it open across switches.

import CGreenletCore
import Glibc
import GreenletCore
import GreenletTestSupport
import Testing

@Suite struct RuntimeStateTests {
    @Test func everyWordIsFoundOnThisRuntime() async {
        await onThread {
            _ = RawGreenlet.current
            #expect(cgreenlet_knows_word(Int32(CGREENLET_WORD_EXCLUSIVITY)))
            #expect(cgreenlet_knows_word(Int32(CGREENLET_WORD_TASK_LOCALS)))
            #expect(cgreenlet_knows_word(Int32(CGREENLET_WORD_TASK)))
            #expect(cgreenlet_knows_word(Int32(CGREENLET_WORD_EXECUTOR)))
            #expect(cgreenlet_knows_word(Int32(CGREENLET_WORD_OBSERVATION)))
        }
    }

    @Test func theWordsAreFoundHereAndInTheMidstOfThingsElsewhere() async {
        await #expect(processExitsWith: .success) {
            await onThread {
                let words = 0..<Int32(CGREENLET_WORDS)
                cgreenlet_forget_word(-1)
                #expect(RuntimeWords.calibrate(), "a thread in its first state is enough")
                #expect(words.allSatisfy(cgreenlet_knows_word))
                let box = HeldBox()
                for isAccess in [true, false] {
                    cgreenlet_forget_word(-1)
                    var wasEnough = true
                    let calibrate = { wasEnough = RuntimeWords.calibrate() }
                    if isAccess {
                        holding(&box.field, calibrate)
                    } else {
                        RuntimeLocals.$number.withValue(5, operation: calibrate)
                    }
                    #expect(!wasEnough && words.allSatisfy(cgreenlet_knows_word))
                }
                try runEveryInterleaving()
            }
        }
    }

    @Test func bindingsAndAccessesFollowTheGreenletInEveryOrder() async {
        await onThread(limit: .seconds(300)) { try runEveryInterleaving() }
    }

    @Test func aGreenletStartsWithoutTheBindingsOfWhoeverSwitchedToIt() async {
        await onThread {
            var seen = -1
            let greenlet = RawGreenlet { seen = RuntimeLocals.number }
            try RuntimeLocals.$number.withValue(5) { try greenlet.switch() }
            #expect(seen == 0)
        }
    }

    @Test func aGreenletStartsWithoutTheErrorNumberOfWhoeverSwitchedToIt() async {
        await onThread {
            var seen: CInt = -1
            let greenlet = RawGreenlet { seen = errno }
            errno = ENOENT
            try greenlet.switch()
            #expect(seen == 0)
            #expect(errno == ENOENT)
        }
    }

    @Test func aSwitchToOneselfKeepsEverything() async {
        await onThread {
            let box = HeldBox()
            try RuntimeLocals.$number.withValue(5) {
                try holding(&box.field) {
                    errno = EBADF
                    try RawGreenlet.switch(to: .current)
                    #expect(RuntimeLocals.number == 5 && errno == EBADF)
                }
            }
            #expect(RuntimeLocals.number == 0 && box.field == 2)
        }
    }

    @Test func observationTakesDownWhatItsOwnGreenletReads() async {
        await onThread {
            try observeInEveryOrder()
        }
    }

    @Test func aTaskStaysWithItsGreenletInEveryOrder() async {
        await onThread { try runTasksInEveryOrder() }
    }

    @Test func greenletsThatShareVariablesAreLikeThreadsInEveryOrder() async {
        await onThread { try shareVariablesInEveryOrder() }
    }

    @Test func accessesOfTwoGreenletsToOneVariableAreLikeThoseOfTwoThreads() async {
        await onThread {
            let main = RawGreenlet.current
            let box = HeldBox()
            let greenlet = RawGreenlet { try holding(&box.field) { try main.switch() } }
            try greenlet.switch()
            try holding(&box.field) { try greenlet.switch() }
            #expect(greenlet.isDead)
        }
    }

    @Test func overlappingAccessesWithinOneGreenletStillTrap() async {
        await #expect(processExitsWith: .failure) {
            await onThread {
                let box = HeldBox()
                let greenlet = RawGreenlet { holding(&box.field) { holding(&box.field) {} } }
                try greenlet.switch()
            }
        }
    }

    /// A future runtime may lay them out so; nobody watches them as one then.
    @Test func wordsThatDoNotLieInARowFollowAllTheSame() async {
        await #expect(processExitsWith: .success) {
            await onThread { _ = RawGreenlet.current }
            // A word that has nothing to do with it, as far from the others as there is one.
            cgreenlet_found_word(Int32(CGREENLET_WORD_TASK), 0)
            await onThread(limit: .seconds(300)) {
                _ = RawGreenlet.current
                let thread = cgreenlet_thread_current()
                #expect(thread.pointee.watched == UnsafePointer(thread.pointer(to: \.never_zero.0)))
                try runEveryInterleaving()
            }
        }
    }
}
