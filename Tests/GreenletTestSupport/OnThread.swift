// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// A fresh thread without a hub, for tests of bare switching.

package import Glibc
import GreenletCore
package import Testing

/// Runs `body` on a fresh thread, and fails the test if it leaves a stack in use, or a handle.
///
/// - Parameters:
///   - limit: After how long the process is ended.
///   - leaks: Whether stacks and handles may be left, for tests of just that.
///   - location: Where the test is.
///   - body: What to test. It runs on the thread's main greenlet.
package func onThread(
    limit: Duration = .seconds(60),
    allowingLeftovers leaks: Bool = false,
    sourceLocation location: SourceLocation = #_sourceLocation,
    _ body: @escaping @Sendable () throws -> Void
) async {
    let (error, stacks, handles) = await withCheckedContinuation { continuation in
        startWatchedThread(limit: limit, name: "\(location)") {
            var failure: (any Error)?
            do { try body() } catch { failure = error }
            _ = RawGreenlet {}  // a safe point: what was dropped ends here
            let thread = GreenletThread.current
            continuation.resume(returning: (failure, thread.stackCounts.live, thread.handleCount))
        }
    }
    if let error { Issue.record(error, sourceLocation: location) }
    if leaks { return }
    #expect(stacks == 0, "stacks left in use", sourceLocation: location)
    #expect(handles == 1, "handles left, besides that of the main greenlet", sourceLocation: location)
}

/// Runs `body` on another thread while the calling one, greenlets and all, stands still.
package func runOnThreadAndWait(_ body: @escaping @Sendable () -> Void) { pthread_join(startJoinableThread(body), nil) }

/// Runs `body` on a thread of its own and doesn't wait for it.
package func startThread(_ body: @escaping @Sendable () -> Void) { pthread_detach(startJoinableThread(body)) }

/// Runs `body` on a thread of its own, which is to be joined or detached.
package func startJoinableThread(_ body: @escaping @Sendable () -> Void) -> pthread_t {
    var thread = pthread_t()
    let status = pthread_create(
        &thread,
        nil,
        { argument in
            if let argument { Unmanaged<Body>.fromOpaque(argument).takeRetainedValue().run() }
            return nil
        },
        Unmanaged.passRetained(Body(body)).toOpaque()
    )
    precondition(status == 0, "pthread_create: \(describeErrno(status))")
    return thread
}

private final class Body {
    let run: @Sendable () -> Void
    init(_ run: @escaping @Sendable () -> Void) { self.run = run }
}
