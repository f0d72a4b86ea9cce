// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// What the server has done, in one line.

import GreenletCore
import GreenletHub

struct Counters {
    var accepted = 0
    /// Connections that their peers cut, or that were silent for too long.
    var broken = 0
    var echoes = 0
    var bytes = 0

    func line(connections: Int) -> String {
        let hub = Hub.current
        return "stats: accepted \(accepted), open \(connections), broken \(broken), echoes \(echoes), bytes \(bytes), "
            + "greenlets \(hub.aliveCount), stacks \(hub.thread.stackCounts.live), watched \(hub.pollerCount)"
    }
}
