// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Many readers or one writer, and nobody forgotten.

import GreenletCore
import GreenletHub
import GreenletTestSupport
import Testing

@Suite struct ReadWriteLockTests {
    @Test func readersShareItAndAWriterHasItAlone() async {
        await onHub {
            let lock = ReadWriteLock()
            try lock.acquireRead()
            let second = try lock.acquireRead(timeout: .zero)
            #expect(second && lock.tryAcquireRead() && lock.readerCount == 3 && !lock.tryAcquireWrite())
            for _ in 1...3 { try lock.releaseRead() }
            try lock.acquireWrite()
            #expect(lock.writer === AnyGreenlet.current && !lock.tryAcquireRead() && !lock.tryAcquireWrite())
            try lock.releaseWrite()
            #expect(lock.writer == nil && lock.readerCount == 0)
        }
    }

    @Test func aWriterWhoWaitsStopsNewReaders() async {
        await onHub {
            let lock = ReadWriteLock()
            var events: [String] = []
            try lock.acquireRead()
            let writer = spawn { try lock.withWriteLock { events.append("write") } }
            let reader = spawn { try lock.withReadLock { events.append("read") } }
            try settle()
            #expect(events.isEmpty && !lock.tryAcquireRead())
            try lock.releaseRead()
            #expect(lock.writer === writer)
            try joinAll([writer, reader])
            #expect(events == ["write", "read"])
        }
    }

    @Test func readersWhoWaitGoBeforeTheNextWriter() async {
        await onHub {
            let lock = ReadWriteLock()
            var events: [String] = []
            try lock.acquireWrite()
            let all = [
                spawn { try lock.withWriteLock { events.append("write 1") } },
                spawn { try lock.withReadLock { events.append("read 1") } },
                spawn { try lock.withWriteLock { events.append("write 2") } },
                spawn { try lock.withReadLock { events.append("read 2") } },
            ]
            try settle()
            try lock.releaseWrite()
            #expect(lock.readerCount == 2)
            try joinAll(all)
            #expect(events == ["read 1", "read 2", "write 1", "write 2"])
        }
    }

    @Test(arguments: [true, false])
    func readersGoInWhenTheOnlyWriterWhoWaitsGivesUp(isKilled: Bool) async {
        await onHub {
            let lock = ReadWriteLock()
            try lock.acquireRead()
            let writer = spawn { try lock.acquireWrite(timeout: isKilled ? nil : .milliseconds(2)) }
            let readers = (0..<2).map { _ in spawn { try lock.withReadLock {} } }
            try settle()
            #expect(!readers[0].isReady)
            if isKilled { try writer.kill() }
            try joinAll(readers, timeout: .seconds(5))
            #expect(readers.allSatisfy(\.isSuccessful) && writer.isReady && lock.readerCount == 1)
            try lock.releaseRead()
        }
    }

    @Test(arguments: [true, false])
    func whenAWriterGivesUpThoseGoInWhoCameBeforeTheNextOne(isKilled: Bool) async {
        await onHub {
            let lock = ReadWriteLock()
            try lock.acquireRead()
            let victim = spawn { try lock.acquireWrite(timeout: isKilled ? nil : .milliseconds(2)) }
            let early = (0..<2).map { _ in spawn { try lock.withReadLock {} } }
            try settle()
            let writer = spawn { try lock.withWriteLock {} }
            let late = spawn { try lock.withReadLock {} }
            try settle()
            if isKilled { try victim.kill() }
            try joinAll(early, timeout: .seconds(5))
            #expect(early.allSatisfy(\.isSuccessful) && !late.isReady && !writer.isReady)
            try lock.releaseRead()
            try joinAll([writer, late])
            #expect(late.isSuccessful && writer.isSuccessful)
        }
    }

    @Test func readersDontStarveBehindWritersWhoOnlyGiveUp() async {
        await onHub {
            let lock = ReadWriteLock()
            try lock.acquireRead()
            // There always is one.
            let writers = (0..<2).map { number in
                spawn {
                    try sleep(.milliseconds(2 + number * 2))
                    while try !lock.acquireWrite(timeout: .milliseconds(4)) {}
                }
            }
            try sleep(.milliseconds(3))
            let reader = spawn { try lock.withReadLock {} }
            let isIn = try reader.join(timeout: .seconds(5))
            #expect(isIn)
            try killAll(writers)
        }
    }

    @Test func manyWritersGiveUpInAnyOrderAndEachReaderGoesInOnce() async {
        await onHub {
            var random = SeededRandom(for: "ReadWriteLockTests.many")
            for _ in 0..<20 {
                let lock = ReadWriteLock()
                try lock.acquireRead()
                var line: [(greenlet: Greenlet<Bool>, writes: Bool)] = []
                for _ in 0..<60 {
                    let writes = line.isEmpty || Bool.random(using: &random)
                    let greenlet = spawn {
                        try writes ? lock.acquireWrite(timeout: nil) : lock.acquireRead(timeout: nil)
                    }
                    line.append((greenlet, writes))
                }
                try settle()
                while let victim = line.filter({ $0.writes && !$0.greenlet.isReady }).randomElement(using: &random) {
                    try victim.greenlet.kill()
                    try settle()
                    let next = line.firstIndex { $0.writes && !$0.greenlet.isReady } ?? line.count
                    let (isIn, isOut) = (
                        line[..<next].allSatisfy(\.greenlet.isReady),
                        line[next...].allSatisfy { $0.writes || !$0.greenlet.isReady }
                    )
                    #expect(isIn && isOut)
                }
                let readerCount = line.count { !$0.writes }
                #expect(lock.readerCount == 1 + readerCount && lock.writer == nil)
            }
        }
    }

    @Test func whatTheBodyThrowsIsToldThoughItTookTheLockAlong() async {
        await onHub {
            let lock = ReadWriteLock()
            func read() throws {
                try lock.withReadLock {
                    try lock.releaseRead()
                    throw TestError(1)
                }
            }
            func write(_ isFailing: Bool) throws {
                try lock.withWriteLock {
                    try lock.releaseWrite()
                    if isFailing { throw TestError(2) }
                }
            }
            let (reading, writing, misuse) = (caught(read), caught { try write(true) }, caught { try write(false) })
            #expect(reading as? TestError == TestError(1) && writing as? TestError == TestError(2))
            #expect((misuse as? GreenletError)?.code == .invalidArgument)
        }
    }

    @Test func readersStayOutWhileAnotherWriterWaits() async {
        await onHub {
            let lock = ReadWriteLock()
            try lock.acquireRead()
            let victim = spawn { try lock.acquireWrite() }
            let writer = spawn { try lock.withWriteLock {} }
            let reader = spawn { try lock.withReadLock {} }
            try settle()
            try victim.kill()
            try settle()
            #expect(!reader.isReady && !writer.isReady)
            try lock.releaseRead()
            try joinAll([writer, reader])
            #expect(reader.isSuccessful && writer.isSuccessful)
        }
    }

    @Test func whoIsKilledAfterItBecameHisReleasesIt() async {
        await onHub {
            let lock = ReadWriteLock()
            try lock.acquireRead()
            let writer = spawn { try lock.withWriteLock { try yieldNow() } }
            try settle()
            try lock.releaseRead()
            try writer.kill()
            try lock.acquireWrite()
            let reader = spawn { try lock.withReadLock { try yieldNow() } }
            try settle()
            try lock.releaseWrite()
            try reader.kill()
            #expect(lock.writer == nil && lock.readerCount == 0)
        }
    }

    @Test func wrongReleasesAndAWriterWhoAsksAgainGetErrorsWithNames() async {
        await onHub {
            let lock = ReadWriteLock()
            #expect(throws: GreenletError(.invalidArgument, "")) { try lock.releaseRead() }
            let writer = spawn {
                try lock.withWriteLock {
                    #expect(throws: GreenletError(.invalidArgument, "")) { try lock.acquireRead() }
                    #expect(throws: GreenletError(.invalidArgument, "")) { try lock.acquireWrite() }
                    try sleep(.milliseconds(2))
                }
            }
            try settle()
            let message = try #require(caught { try lock.releaseWrite() } as? GreenletError).message
            #expect(message.contains("\(AnyGreenlet.current)") && message.contains("\(writer) writes"))
            try writer.get()
        }
    }

    @Test func whatTheBodyThrowsReleasesIt() async {
        await onHub {
            let lock = ReadWriteLock()
            #expect(throws: TestError(1)) { try lock.withReadLock { throw TestError(1) } }
            #expect(throws: TestError(2)) { try lock.withWriteLock { throw TestError(2) } }
            #expect(lock.tryAcquireWrite())
            try lock.releaseWrite()
        }
    }

    @Test func nobodyIsForgottenAndNobodyDisturbedInAStorm() async {
        await onHub {
            var random = SeededRandom(for: "ReadWriteLockTests")
            let lock = ReadWriteLock()
            var (reading, writing, most, rounds) = (0, 0, 0, 0)
            var greenlets: [Greenlet<Void>] = []
            func limit() -> Duration? { Bool.random(using: &random) ? nil : .microseconds(30) }
            func check() {
                #expect(writing == 0 || writing == 1 && reading == 0)
                most = max(most, reading)
                rounds += 1
            }
            func read() throws {
                guard try lock.acquireRead(timeout: limit()) else { return }
                reading += 1
                check()
                defer { reading -= 1 }
                let result = Result { for _ in 0..<Int.random(in: 0..<3, using: &random) { try yieldNow() } }
                try lock.releaseRead()
                try result.get()
            }
            func write() throws {
                guard try lock.acquireWrite(timeout: limit()) else { return }
                writing += 1
                check()
                defer { writing -= 1 }
                let result = Result { for _ in 0..<Int.random(in: 0..<3, using: &random) { try yieldNow() } }
                try lock.releaseWrite()
                try result.get()
            }
            for _ in 0..<4_000 {
                switch Int.random(in: 0..<10, using: &random) {
                case 0..<4: greenlets.append(spawn { _ = caught(read) })
                case 4..<6: greenlets.append(spawn { _ = caught(write) })
                case 6: try greenlets.randomElement(using: &random)?.kill(wait: false)
                default: try yieldNow()
                }
                if greenlets.count > 50 { greenlets.removeAll(where: \.isReady) }
            }
            let ended = try joinAll(greenlets, timeout: .seconds(10))
            #expect(ended.count == greenlets.count && rounds > 500 && most > 1)
            #expect(lock.writer == nil && "\(lock)".hasSuffix("0 reading, waiting: 0 to read, 0 to write>"))
        }
    }
}
