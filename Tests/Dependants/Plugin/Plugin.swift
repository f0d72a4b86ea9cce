// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// A library that a program which knows nothing of Swift loads when it runs: see host.c.

import GreenletCore
import RuntimeState

/// Uses of the runtime all that it keeps per thread, as a program may have done before it had greenlets.
@c(plugin_warm)
public func warm() { holdRuntimeState() }

/// Checks all that greenlets hold open of the runtime's, on the calling thread.
@c(plugin_check)
public func check() {
    do { try checkRuntimeState() } catch { expect(false, "a switch without an error: \(error)") }
    checkCurrentTask()
}
