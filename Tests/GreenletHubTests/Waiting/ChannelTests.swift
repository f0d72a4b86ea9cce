// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// From hand to hand: both sides leave together.

import GreenletCore
import GreenletHub
import GreenletTestSupport
import Testing

@Suite struct ChannelTests {
    @Test func aChannelHoldsNothing() async {
        await onHub {
            let channel = Channel<Int>()
            #expect(channel.isEmpty && channel.isFull && channel.capacity == 0 && channel.count == 0)
            let (put, got, seen) = (try channel.tryPut(1), try channel.tryGet(), try channel.tryPeek())
            #expect(!put && got == nil && seen == nil)
            let description = "\(channel)"
            #expect(description.hasPrefix("<Channel 0x"))
            #expect(description.hasSuffix("0 of 0 items, 0 getting, 0 putting>"))
        }
    }

    @Test func aPutterWaitsForItsGetter() async {
        await onHub {
            let channel = Channel<String>()
            var events: [String] = []
            let putter = spawn {
                for word in ["hello", "world"] {
                    try channel.put(word)
                    events.append("sent \(word)")
                }
            }
            try settle()
            #expect(events.isEmpty && channel.isEmpty)
            let first = try channel.get()
            #expect(first == "hello" && events.isEmpty)
            try settle()
            #expect(events == ["sent hello"])
            let second = try channel.get()
            try putter.join()
            #expect(second == "world" && events == ["sent hello", "sent world"])
        }
    }

    @Test func aGetterWaitsForItsPutter() async {
        await onHub {
            let channel = Channel<Int>()
            var received: [String] = []
            let getters = ["a", "b"].map { name in spawn { received.append("\(name)\(try channel.get())") } }
            try settle()
            try channel.put(1)
            let second = try channel.tryPut(2)
            let third = try channel.tryPut(3)
            try joinAll(getters)
            #expect(second && !third && received == ["a1", "b2"])
        }
    }

    @Test func puttersAreServedInOrderAndOnlyOncePerGet() async {
        await onHub {
            let channel = Channel<Int>()
            var sent: [Int] = []
            let putters = (1...3).map { number in
                spawn {
                    try channel.put(number)
                    sent.append(number)
                }
            }
            try settle()
            let first = try channel.tryGet()
            try settle()
            #expect(first == 1 && sent == [1])
            let rest = [try channel.get(), try channel.get()]
            try joinAll(putters)
            #expect(rest == [2, 3] && sent == [1, 2, 3])
        }
    }

    @Test(arguments: [true, false])
    func aPutterThatGaveUpIsPassedOver(isKilled: Bool) async {
        await onHub {
            let channel = Channel<Int>()
            let victim = spawn { try channel.put(1, timeout: isKilled ? nil : .milliseconds(1)) }
            let other = spawn { try channel.put(2) }
            try settle()
            if isKilled { try victim.kill(wait: false) } else { try sleep(.milliseconds(3)) }
            let seen = try channel.tryPeek()
            let item = try channel.get()
            try joinAll([victim, other])
            #expect(seen == 2 && item == 2)
            _ = caught { try victim.get() }
            let none = try channel.tryGet()
            #expect(none == nil)
        }
    }

    @Test func aGetterThatGaveUpTakesNothing() async {
        await onHub {
            let channel = Channel<Int>()
            let victim = spawn { try channel.get() }
            try settle()
            try victim.kill(wait: false)
            let put = try channel.tryPut(1)
            #expect(!put)
            #expect(throws: Timeout.self) { try channel.put(1, timeout: .milliseconds(2)) }
            #expect(throws: Timeout.self) { try channel.get(timeout: .milliseconds(2)) }
        }
    }

    @Test func peekSeesWhatAPutterOffers() async {
        await onHub {
            let channel = Channel<Int>()
            let peeker = spawn { try channel.peek() }
            try settle()
            let putter = spawn { try channel.put(4) }
            let seen = try peeker.get()
            #expect(seen == 4 && !putter.isReady)
            let item = try channel.get()
            try putter.get()
            #expect(item == 4)
        }
    }

    @Test func closingTellsBothSides() async {
        await onHub {
            let (first, second) = (Channel<Int>(), Channel<Int>())
            let told = [
                spawn { caught { try first.put(1) } is QueueClosed },
                spawn { caught { _ = try second.get() } is QueueClosed },
            ]
            try settle()
            first.close()
            second.close()
            let answers = try told.map { try $0.get() }
            #expect(answers == [true, true])
            #expect(throws: QueueClosed()) { try first.get() }
            #expect(throws: QueueClosed()) { try first.tryPut(1) }
            let none = try second.next()
            #expect(none == nil)
        }
    }

    @Test func iterationTakesAllThatIsSentUntilTheEnd() async {
        await onHub {
            let channel = Channel<Int>()
            spawn {
                for number in 1...5 { try channel.put(number) }
                channel.close()
            }
            var items: [Int] = []
            for item in channel { items.append(item) }
            #expect(items == [1, 2, 3, 4, 5])
        }
    }

    @Test func theHubItselfMayTakeFromAPutter() async {
        await onHub {
            let channel = Channel<Int>()
            let putter = spawn { try channel.put(5) }
            try settle()
            var result: Int?
            Hub.current.runSoon { result = (try? channel.tryGet()) ?? nil }
            try putter.get()
            #expect(result == 5)
        }
    }

    @Test func joinWaitsForWhatWasHandedOver() async {
        await onHub {
            let channel = Channel<Int>()
            let putter = spawn { try channel.put(1) }
            try settle()
            #expect(channel.unfinishedTasks == 0)
            _ = try channel.get()
            #expect(channel.unfinishedTasks == 1)
            try channel.taskDone()
            let joined = try channel.join(timeout: .zero)
            #expect(joined)
            try putter.get()
        }
    }

    @Test func theHubItselfMayHandToAGetter() async {
        await onHub {
            let channel = Channel<Int>()
            let getter = spawn { try channel.get() }
            try settle()
            var results: [Bool?] = []
            Hub.current.runSoon { for number in 1...2 { results.append(try? channel.tryPut(number)) } }
            let item = try getter.get()
            #expect(item == 1 && results == [true, false] && channel.isEmpty)
        }
    }
}
