// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// A greenlet that makes one blocking call, and what became of it.

import GreenletCore
import GreenletHub

/// What reaches a caller from elsewhere; no call throws it by itself.
struct Disturbance: Error {}

/// Calls once, in a greenlet of its own.
final class Caller {
    enum Outcome: Equatable {
        case served
        case expired
        case disturbed
        case other(String)
    }

    private(set) var outcome: Outcome?
    /// What was thrown at the next switch point after the call.
    private(set) var later: (any Error)?
    private(set) var greenlet: Greenlet<Void>?

    init(_ scene: Scene, _ timeout: Duration?) {
        greenlet = spawn { [self] in
            do {
                outcome = try scene.run(timeout) ? .served : .expired
            } catch is Disturbance {
                outcome = .disturbed
            } catch is GreenletExit {
                outcome = .disturbed
            } catch {
                outcome = .other("\(error)")
            }
            do { try yieldNow() } catch { later = error }
        }
    }

    /// Waits, not for ever, until it is done.
    func finish() throws {
        try greenlet?.join(timeout: .seconds(10))
        greenlet = nil
    }
}

/// Lets everybody who can run do so, several times over.
func settle() throws {
    for _ in 0..<8 { try yieldNow() }
}
