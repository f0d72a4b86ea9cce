// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// How hubs come to their ends, each in a process of its own: LifecycleTests reads what it prints.

import Glibc

/// A program by its name; each ends with "done" if all went well.
private let programs: [String: @Sendable () throws -> Void] = [
    "inherited": forkAmidManyWhoWait,
    "greenlet": forkInAGreenlet,
    "greenlet-error": forkInAGreenletThatFails,
    "greenlet-blocked": forkInAGreenletThatWaitsForEver,
    "callback": forkInACallback,
    "raw": forkInARawGreenlet,
    "by-hand": forkAmidThoseLeftByHand,
    "nested": forkInAChild,
    "signals": forkWithSignalWatchers,
    "exec": forkAndExecute,
    "timers": forkWithTimers,
    "watchers": forkWithWatchers,
    "watched": forkAndWatch,
    "waiters": forkAmidWaitersOfAllKinds,
    "handed": forkAmidHandOvers,
    "handed-later": forkBeforeWakingThem,
    "handed-back": forkBeforeTakingBack,
    "descriptors": forkManyTimes,
    "thread": forkOnAnotherThread,
    "patched": forkWithPatchedCalls,
    "unused": forkAndReturn,
    "deadlock": blockForEver,
    "link": throwInALink,
    "refusal": endAThreadWhoseGreenletsRefuse,
    "destroy": destroyAHubWhoseGreenletsRefuse,
    "destroy-many": destroyManyHubs,
    "article": readTheArticle,
    "handler": failInTheErrorHandler,
    "held-up": holdUpTheHub,
]

@main
struct Lives {
    static func main() throws {
        guard CommandLine.arguments.count > 1, let program = programs[CommandLine.arguments[1]] else {
            print("usage: lives-of-hubs (\(programs.keys.sorted().joined(separator: "|")))")
            exit(2)
        }
        _ = parent  // said before anybody forks
        limitTime()
        try program()
        say("done")
    }
}

/// Nothing here takes as long, in no process; children don't inherit it.
private func limitTime() {
    alarm(30)
    pthread_atfork(nil, nil, { alarm(20) })
}

/// Prints a line at once: a buffer would be printed by parent and child.
func say(_ line: String) {
    let text = line + "\n"
    write(1, text, text.utf8.count)
}

private nonisolated(unsafe) var failures = 0  // Safe because each process has one thread that checks.

/// Says what is not as it should be.
func check(_ condition: Bool, _ claim: String, line: UInt = #line) {
    if condition { return }
    failures += 1
    say("process \(getpid() == parent ? "parent" : "child"), line \(line): not so: \(claim)")
}

/// The first process.
let parent = getpid()

/// Leaves the process without any further ado, and tells whether all was as it should be.
func leaveChild() -> Never { _exit(failures == 0 ? 0 : 3) }
