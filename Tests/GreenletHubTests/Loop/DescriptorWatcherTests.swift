// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Waiting for anybody's descriptors: what is ready, who is told, and descriptors that close or become others.

import Glibc
import GreenletCore
import GreenletHub
import GreenletTestSupport
import Testing

@Suite struct DescriptorWatcherTests {
    /// A pipe for `body`.
    private static func withPipe(_ body: (_ reading: CInt, _ writing: CInt) throws -> Void) throws {
        var ends: [CInt] = [0, 0]
        try #require(pipe(&ends) == 0)
        defer { for end in ends { close(end) } }
        try body(ends[0], ends[1])
    }

    /// Fills a pipe, and leaves it as it was but for that.
    private static func fill(_ writing: CInt) {
        let flags = fcntl(writing, F_GETFL)
        _ = fcntl(writing, F_SETFL, flags | O_NONBLOCK)
        let block = [UInt8](repeating: 1, count: 4096)
        while write(writing, block, block.count) > 0 {}
        _ = fcntl(writing, F_SETFL, flags)
    }

    @Test func inputAndRoomAreWaitedFor() async {
        await onHub {
            try DescriptorWatcherTests.withPipe { reading, writing in
                let reader = spawn { try waitReadable(reading) }
                let hasRoom = try waitWritable(writing)
                #expect(hasRoom && !reader.isReady)
                write(writing, "x", 1)
                let hasInput = try reader.get()
                #expect(hasInput)
                DescriptorWatcherTests.fill(writing)
                let full = try waitWritable(writing, timeout: .milliseconds(5))
                #expect(!full)
                let writer = spawn { try waitWritable(writing) }
                try settle()
                var buffer = [UInt8](repeating: 0, count: 65536)
                read(reading, &buffer, buffer.count)
                let room = try writer.get()
                #expect(room)
                #expect(fcntl(reading, F_GETFL) & O_NONBLOCK == 0, "nobody else's flags are changed")
            }
        }
    }

    @Test func whatIsThereAlreadyIsSeenAtOnceAndAsOftenAsAsked() async {
        await onHub {
            try DescriptorWatcherTests.withPipe { reading, writing in
                write(writing, "xy", 2)
                for _ in 0..<3 {
                    let hasInput = try waitReadable(reading, timeout: .seconds(20))
                    #expect(hasInput)
                }
                var byte: UInt8 = 0
                read(reading, &byte, 1)
                let hasMore = try waitReadable(reading)
                #expect(hasMore)
                read(reading, &byte, 1)
                let isEmpty = try !waitReadable(reading, timeout: .milliseconds(5))
                #expect(isEmpty)
            }
        }
    }

    @Test func theEndIsInputAndABrokenPipeIsRoom() async {
        await onHub {
            for isReader in [true, false] {
                var ends: [CInt] = [0, 0]
                try #require(pipe(&ends) == 0)
                let (kept, other) = isReader ? (ends[0], ends[1]) : (ends[1], ends[0])
                if !isReader { DescriptorWatcherTests.fill(kept) }
                let waiting = spawn { try isReader ? waitReadable(kept) : waitWritable(kept) }
                try settle()
                #expect(!waiting.isReady)
                close(other)
                let isTold = try waiting.get(timeout: .seconds(20))
                #expect(isTold)
                close(kept)
            }
        }
    }

    @Test func aRegularFileIsAlwaysReady() async {
        await onHub {
            let file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC)
            defer { close(file) }
            let watcher = DescriptorWatcher(file, .reading)
            let canRead = try waitReadable(file)
            let canWrite = try waitWritable(file)
            let all = try waitAll([watcher])
            #expect(canRead && canWrite && all.count == 1)
        }
    }

    @Test func othersStillRunWhereItIsAlwaysReady() async {
        await onHub {
            let file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC)
            defer { close(file) }
            var rounds = 0
            let endless = spawn {
                while true {
                    _ = try waitReadable(file)
                    rounds += 1
                }
            }
            try sleep(.milliseconds(5))
            try endless.kill()
            #expect(rounds > 0)
        }
    }

    @Test func aClosedDescriptorIsAClearError() async {
        await onHub {
            var ends: [CInt] = [0, 0]
            try #require(pipe(&ends) == 0)
            for end in ends { close(end) }
            for descriptor in [-1, ends[0], CInt.max] {
                let error = caught { _ = try waitReadable(descriptor) } as? GreenletError
                #expect(error?.cause == EBADF)
                #expect(error?.message == "can't wait for descriptor \(descriptor): it is closed")
                let ready = try waitAll([DescriptorWatcher(descriptor, .writing)])
                #expect(ready.count == 1, "its call wouldn't wait")
            }
        }
    }

    @Test func whoClosesItCanTellThoseWhoWait() async {
        await onHub {
            try DescriptorWatcherTests.withPipe { reading, _ in
                let waiting = (0..<2).map { _ in spawn { try waitReadable(reading) } }
                try settle()
                cancelWaits(on: reading)
                try joinAll(waiting)
                for greenlet in waiting {
                    let error = greenlet.error as? GreenletError
                    #expect(error?.cause == EBADF)
                    #expect(error?.message.contains("while \(greenlet) waited for it") == true)
                }
                #expect(Hub.current.pollerCount == 0)
            }
        }
    }

    @Test func whoeverWaitsForAClosedDescriptorLearnsItWhenTheNumberIsUsedAgain() async {
        await onHub {
            var ends: [CInt] = [0, 0]
            try #require(pipe(&ends) == 0)
            // A number that nobody else is given: while threads of earlier tests still close theirs, a new pipe could get
            // one of those, and this one for its other end.
            let number = fcntl(ends[0], F_DUPFD_CLOEXEC, 500)
            try #require(number >= 500)
            close(ends[0])
            let stale = spawn { try waitReadable(number) }
            try settle()
            close(number)
            try DescriptorWatcherTests.withPipe { reading, writing in
                try #require(dup2(reading, number) == number)
                let fresh = spawn { try waitReadable(number, timeout: .seconds(20)) }
                try stale.join(timeout: .seconds(20))
                #expect((stale.error as? GreenletError)?.cause == EBADF)
                write(writing, "x", 1)
                let isTold = try fresh.get()
                #expect(isTold)
            }
            close(number)
            close(ends[1])
        }
    }

    @Test func anyNumberMayWaitAndAllAreTold() async {
        await onHub {
            try DescriptorWatcherTests.withPipe { reading, writing in
                let watcher = DescriptorWatcher(reading, .reading)
                let waiting = (0..<6).map { number in
                    spawn { try number % 2 == 0 ? watcher.wait() : waitReadable(reading) }
                }
                try settle()
                try waiting[5].kill()
                write(writing, "x", 1)
                for greenlet in waiting.dropLast() {
                    let isTold = try greenlet.get(timeout: .seconds(20))
                    #expect(isTold)
                }
            }
        }
    }

    @Test func itIsWaitedForTogetherWithOtherThings() async {
        await onHub {
            try DescriptorWatcherTests.withPipe { reading, writing in
                let (event, watcher) = (Event(), DescriptorWatcher(reading, .reading))
                func next() throws -> String {
                    try choose([
                        .wait(for: event) { "event" }, .wait(for: watcher) { "input" },
                        .after(.milliseconds(20)) { "time" },
                    ])
                }
                let first = try next()
                spawn(after: .milliseconds(2)) { write(writing, "x", 1) }
                let second = try next()
                let third = try next()
                #expect([first, second, third] == ["time", "input", "input"], "it still is so")
                var byte: UInt8 = 0
                read(reading, &byte, 1)
                spawn(after: .milliseconds(2)) { event.set() }
                let fourth = try next()
                #expect(fourth == "event")
                #expect(Hub.current.pollerCount == 0 && Hub.current.externalWaits == 0)
            }
        }
    }

    @Test func newsOfTheOtherDirectionWakeNobody() async {
        await onHub {
            var ends: [CInt] = [0, 0]
            try #require(socketpair(AF_UNIX, CInt(SOCK_STREAM.rawValue), 0, &ends) == 0)
            defer { for end in ends { close(end) } }
            DescriptorWatcherTests.fill(ends[0])
            let reader = spawn { try waitReadable(ends[0]) }
            let writer = spawn { try waitWritable(ends[0]) }
            try settle()
            var buffer = [UInt8](repeating: 0, count: 1 << 20)
            while recv(ends[1], &buffer, buffer.count, CInt(MSG_DONTWAIT)) > 0 {}
            let hasRoom = try writer.get()
            #expect(hasRoom)
            try settle()
            #expect(!reader.isReady)
            try reader.kill()
        }
    }

    @Test func whoReadsByAPollerOfHisOwnMissesNothing() async {
        await onHub {
            try DescriptorWatcherTests.withPipe { reading, writing in
                let poller = try Hub.current.poller(for: reading)
                defer { Hub.current.forget(reading) }
                try sleep(.milliseconds(1))
                let watching = spawn { try waitReadable(reading) }
                try settle()
                write(writing, "x", 1)
                let isTold = try watching.get()
                #expect(isTold)
                let isKept = try poller.wait(.read, for: WaitReason("a test"), until: Deadline(after: .seconds(20)))
                #expect(isKept, "what another was told of is kept for the one who knew that there was nothing")
                #expect(!poller.isClosed)
            }
        }
    }

    @Test func aPollerTakenOverFromThoseWhoListenStaysTheirs() async {
        await onHub {
            try DescriptorWatcherTests.withPipe { reading, writing in
                let listening = spawn { try waitReadable(reading) }
                try settle()
                let poller = try Hub.current.poller(for: reading, generation: 3)
                try listening.kill()
                #expect(!poller.isClosed, "it is not theirs any more")
                let second = spawn { try waitReadable(reading) }
                let reader = spawn { try poller.wait(.read, for: WaitReason("a test")) }
                try settle()
                write(writing, "x", 1)
                let (first, other) = (try second.get(), try reader.get())
                #expect(first && other && !poller.isClosed)
                Hub.current.forget(reading)
            }
        }
    }

    @Test func theReasonIsTold() async {
        await onHub {
            try DescriptorWatcherTests.withPipe { reading, _ in
                let watcher = DescriptorWatcher(reading, .reading)
                #expect("\(watcher)" == "descriptor \(reading), to read")
                let event = Event()
                let ready = iterateAsReady([watcher, event] as [any Waitable])
                let holder = spawn {
                    _ = ready.makeIterator()
                    try event.wait()
                }
                try settle()
                let exit = caught { try holder.join() }
                #expect(exit is LoopExit, "who only could wait for a descriptor doesn't hide a deadlock")
                try holder.kill()
            }
        }
    }

    /// The other one of the objects becomes ready by a greenlet of this hub, if at all.
    @Test(arguments: [false, true])
    func onlyWhatIsStillAwaitedOutsideCounts(isFirstReady: Bool) async {
        await onHub {
            try DescriptorWatcherTests.withPipe { reading, writing in
                let objects: [any Waitable] = [DescriptorWatcher(reading, .reading), Event()]
                let waiting = spawn { try waitAll(objects).count }
                try settle()
                if isFirstReady { write(writing, "x", 1) }
                let outcome = caught { _ = try waiting.join(timeout: isFirstReady ? nil : .milliseconds(30)) }
                #expect(Hub.current.externalWaits == (isFirstReady ? 0 : 1))
                #expect((outcome is LoopExit) == isFirstReady, "a descriptor that is ready is no hope for the event")
                try waiting.kill()
                #expect(Hub.current.externalWaits == 0 && Hub.current.pollerCount == 0)
            }
        }
    }

    @Test func aWatcherThatNobodyHoldsIsKeptWhileSomebodyWaits() async {
        final class Answering: Waitable {
            let descriptor: CInt
            init(_ descriptor: CInt) { self.descriptor = descriptor }
            var readiness: Readiness { DescriptorWatcher(descriptor, .reading).readiness }
        }
        await onHub {
            try DescriptorWatcherTests.withPipe { reading, writing in
                let waiting = spawn { try waitAll([Answering(reading)]) }
                try settle()
                write(writing, "x", 1)
                let ready = try waiting.get(timeout: .seconds(20))
                #expect(ready.count == 1 && Hub.current.pollerCount == 0)
            }
        }
    }
}
