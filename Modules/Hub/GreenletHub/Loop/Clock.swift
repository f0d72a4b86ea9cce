// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// What time it is.

import CGreenletPort

extension Deadline {
    /// This moment.
    package static var now: Deadline { Deadline(nanoseconds: cgreenlet_port_now()) }
}
