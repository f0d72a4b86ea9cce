// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Handles of watched descriptors: what they know once the number has become another descriptor, and who shares one.

import Glibc
import GreenletCore
import GreenletHub
import GreenletTestSupport
import Testing

@Suite struct PollerTests {
    /// Two connected descriptors.
    private static func makePair() throws -> [CInt] {
        var ends: [CInt] = [0, 0]
        let kind = CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
        try #require(socketpair(AF_UNIX, kind, 0, &ends) == 0)
        return ends
    }

    /// A pair for `body`; both ends are closed afterwards.
    private static func withPair(_ body: (_ reading: CInt, _ writing: CInt) throws -> Void) throws {
        let ends = try makePair()
        defer {
            for end in ends {
                Hub.current.forget(end)
                close(end)
            }
        }
        try body(ends[0], ends[1])
    }

    @Test func aHandleKnowsThatItsNumberHasBecomeAnother() async {
        await onHub {
            try PollerTests.withPair { reading, _ in
                let old = try Hub.current.poller(for: reading)
                let waiting = spawn { try old.wait(.read, for: WaitReason("a test")) }
                try settle()
                Hub.current.forget(reading)
                let new = try Hub.current.poller(for: reading)
                #expect(old.isClosed && !new.isClosed)
                let returned = try waiting.get()
                #expect(returned, "whoever waited returns, and looks at isClosed")
                #expect(old.isClosed && Hub.current.pollerCount == 1)
            }
        }
    }

    @Test func whatAnEarlierDescriptorWasToldIsNotKeptForTheNext() async {
        await onHub {
            try PollerTests.withPair { reading, writing in
                _ = try Hub.current.poller(for: reading)
                write(writing, "x", 1)
                try sleep(.milliseconds(1))  // reported, and kept
                var byte: UInt8 = 0
                read(reading, &byte, 1)
                let next = try Hub.current.poller(for: reading, generation: 7)
                let isReady = try next.wait(.read, for: WaitReason("a test"), until: Deadline(after: .milliseconds(5)))
                #expect(!isReady)
            }
        }
    }

    @Test(arguments: [1, 2, 5])
    func whoeverComesLaterWaitsAmongTheOthers(count: Int) async {
        await onHub {
            try PollerTests.withPair { reading, writing in
                let poller = try Hub.current.poller(for: reading)
                let waiting = (0..<count).map { _ in
                    spawn { try poller.waitAmongOthers(.read, for: WaitReason("a test")) }
                }
                try settle()
                if count > 1 { try waiting[count - 1].kill(wait: false) }
                write(writing, "x", 1)
                let finished = try joinAll(waiting, timeout: .seconds(5))
                #expect(finished.count == count)
            }
        }
    }

    @Test func manyDescriptorsInAnyOrderAreToldApart() async {
        await onHub {
            let pairs = try (0..<200).map { _ in try PollerTests.makePair() }
            var woken: [Int] = []
            let readers = try pairs.indices.map { index in
                let poller = try Hub.current.poller(for: pairs[index][0])
                return spawn {
                    _ = try poller.wait(.read, for: WaitReason("a test"))
                    woken.append(index)
                }
            }
            try settle()
            for index in pairs.indices.reversed() where index % 3 == 0 { write(pairs[index][1], "x", 1) }
            let expected = pairs.indices.filter { $0 % 3 == 0 }
            for _ in 0..<400 where woken.count < expected.count { try sleep(.milliseconds(5)) }
            #expect(woken.sorted() == expected)
            for pair in pairs {
                Hub.current.forget(pair[0])
                for end in pair { close(end) }
            }
            try joinAll(readers)
            #expect(woken.count == 200 && Hub.current.pollerCount == 0)
        }
    }

    @Test func aDescriptorThatCannotBeIsAnError() async {
        await onHub {
            for descriptor: CInt in [-1, CInt.max] {
                #expect(throws: GreenletError.self) { _ = try Hub.current.poller(for: descriptor) }
            }
        }
    }
}
