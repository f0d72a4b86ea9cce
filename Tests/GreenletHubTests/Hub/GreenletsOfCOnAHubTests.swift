// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Greenlets made by C code (cgreenlet.h) whose bodies call Swift that waits for the hub.

import CGreenletCore
import Glibc
import GreenletCore
import GreenletHub
import GreenletTestSupport
import Testing

/// A greenlet of C's making whose body is a `Job`, which the caller keeps for as long as it runs.
private func createByC(_ job: Job) -> OpaquePointer? {
    cgreenlet_create(
        { argument, _ in
            // Safe because the caller keeps the job.
            Unmanaged<Job>.fromOpaque(argument!).takeUnretainedValue().run()
            return nil
        },
        Unmanaged.passUnretained(job).toOpaque(),
        0
    )
}

private final class Job {
    let run: () -> Void
    init(_ run: @escaping () -> Void) { self.run = run }
}

@Suite struct GreenletsOfCOnAHubTests {
    @Test func aGreenletOfCWaitsWhileOthersRun() async {
        await onHub {
            var events: [String] = []
            let job = Job {
                events.append("waits")
                try? sleep(.milliseconds(2))
                events.append("goes on")
            }
            let made = try #require(createByC(job))
            let other = spawn { events.append("another") }
            #expect(cgreenlet_switch_to(made, nil, nil) == 0)
            #expect(events == ["waits", "another", "goes on"])
            #expect(cgreenlet_is_dead(made) && cgreenlet_destroy(made) == 0)
            try other.join()
        }
    }

    @Test func aGreenletOfCThatWaitsForTheHubCannotBeDestroyed() async {
        await onHub {
            let event = Event()
            let job = Job { _ = try? event.wait() }
            let made = try #require(createByC(job))
            spawn {
                #expect(cgreenlet_destroy(made) == -1 && errno == EBUSY)
                event.set()
            }
            #expect(cgreenlet_switch_to(made, nil, nil) == 0)
            #expect(cgreenlet_destroy(made) == 0)
        }
    }

    @Test func aGreenletOfCThatHasWaitedCanBeDestroyedInItsOwnSwitch() async {
        await onHub {
            let main = cgreenlet_current()
            let job = Job {
                try? sleep(.milliseconds(1))
                if let main { cgreenlet_switch_to(main, nil, nil) }
            }
            let made = try #require(createByC(job))
            #expect(cgreenlet_switch_to(made, nil, nil) == 0)
            #expect(!cgreenlet_is_dead(made) && cgreenlet_destroy(made) == 0)
        }
    }
}
