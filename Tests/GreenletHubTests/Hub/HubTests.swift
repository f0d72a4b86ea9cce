// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// The life of a hub.

import GreenletCore
import GreenletHub
import GreenletTestSupport
import Testing

@Suite struct HubTests {
    @Test func aThreadHasOneHubMadeOnFirstUse() async {
        await onHub {
            let hub = Hub.current
            #expect(Hub.current === hub)
            let inside = try spawn { Hub.current }.get()
            #expect(inside === hub)
        }
    }

    @Test func theHubEndsWithItsThreadAndNothingOfItIsLeft() async throws {
        let observer = Observer()
        await onHub {
            observer.hub = Hub.current
            observer.record = Hub.current.thread
            try spawn { try sleep(.milliseconds(1)) }.join()
        }
        for _ in 0..<400 where observer.hub != nil || observer.record != nil {
            try await Task.sleep(for: .milliseconds(5))
        }
        #expect(observer.hub == nil && observer.record == nil)
    }
}

/// Sees objects of another thread go.
///
/// Safe because it is written before the other thread ends, and read only for being nil.
private final class Observer: @unchecked Sendable {
    weak var hub: Hub?
    weak var record: AnyObject?
}
