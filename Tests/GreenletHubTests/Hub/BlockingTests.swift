// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Where nothing may block.

import GreenletCore
import GreenletHub
import GreenletTestSupport
import Testing

@Suite struct BlockingTests {
    /// A `for` loop traps there: it has nobody to whom it could hand its error.
    private static let throwing = HubCalls.all.filter { !$0.declaration.contains("Iterator") }

    @Test(arguments: throwing)
    func inACallbackOfTheLoopBlockingIsAnError(call: BlockingCall) async {
        await onHub {
            let scene = try call.scene()
            try settle()
            var error: (any Error)?
            Hub.current.runSoon { error = caught { _ = try scene.run(nil) } }
            try sleep(.milliseconds(1))
            #expect((error as? GreenletError)?.code == .blockingInHub, "\(call)")
            try scene.end()
        }
    }

    @Test func whoAsksForTheCurrentGreenletThereMayStillNotBlock() async {
        await onHub {
            var error: (any Error)?
            var name = ""
            Hub.current.runSoon {
                name = "\(AnyGreenlet.current)"
                error = caught { try Event().wait() }
            }
            try sleep(.milliseconds(1))
            #expect((error as? GreenletError)?.code == .blockingInHub && name.hasPrefix("Hub-"))
        }
    }

    @Test func sleepingAndYieldingInACallbackAreErrorsToo() async {
        await onHub {
            var errors: [(any Error)?] = []
            Hub.current.runSoon {
                errors.append(caught { try sleep(.milliseconds(1)) })
                errors.append(caught { try yieldNow() })
            }
            try sleep(.milliseconds(1))
            #expect(errors.count == 2 && errors.allSatisfy { ($0 as? GreenletError)?.code == .blockingInHub })
        }
    }

    @Test func insideAnAsyncTaskBlockingIsAnError() async {
        let codes = await Task.detached { taskErrors().map { ($0 as? GreenletError)?.code } }.value
        #expect(codes.count == 5 && codes.allSatisfy { $0 == .blockingInTask })
    }

    @Test func insideAnAsyncTaskWhatNeedsNoWaitingWorks() async {
        let value = await Task.detached { () -> Int? in
            let queue = Queue<Int>()
            let event = Event()
            event.set()
            guard (try? queue.tryPut(3)) == true, (try? event.wait()) == true else { return nil }
            return try? queue.get()
        }.value
        #expect(value == 3)
    }

    @Test func theErrorNamesTheWay() async {
        await onHub {
            var error: (any Error)?
            Hub.current.runSoon { error = caught { try Event().wait() } }
            try sleep(.milliseconds(1))
            #expect("\(error as Any)".contains("spawn a greenlet"))
        }
        let message = await Task.detached { taskErrors().first.map { "\($0)" } ?? "" }.value
        #expect(message.contains("async task") && message.contains("thread of their own"))
    }
}

/// What blocking calls throw here.
///
/// Not async, so that it is compiled as anybody's function would be.
private func taskErrors() -> [any Error] {
    var raw: (any Error)?
    _ = try? RawGreenlet { raw = caught { try Event().wait() } }.switch()
    return [
        caught { try sleep(.milliseconds(1)) },
        caught { try yieldNow() },
        caught { try Event().wait() },
        caught { _ = try Queue<Int>().get() },
        raw,
    ].compactMap { $0 }
}
