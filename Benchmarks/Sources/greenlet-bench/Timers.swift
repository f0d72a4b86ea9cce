// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Timers that never fire, as nearly all that guard a call: armed and cancelled, by themselves and among a million.

import GreenletHub

private let late = Duration.seconds(3600)

/// In which order many are cancelled.
enum Order {
    /// The first first, and all others after it.
    case asArmed
    case byChance
}

/// A timeout is armed and cancelled, again and again, beside `pending` others that end sooner than it.
func timer(_ count: Int, pending: Int?) throws -> Figures {
    let others = (0..<(pending ?? 0)).map { Timeout(.seconds(1800) + .milliseconds($0)) }
    for other in others { other.start() }
    defer { for other in others { other.cancel() } }
    return try measure(count) { count in
        for _ in 0..<count {
            let timeout = Timeout(late)
            timeout.start()
            timeout.cancel()
        }
        return count
    }
}

/// As many timeouts as are counted are armed, and then cancelled.
func timers(_ count: Int, cancelled order: Order) throws -> Figures {
    try measure(count) { count in
        let timeouts = (0..<count).map { _ in
            let timeout = Timeout(late)
            timeout.start()
            return timeout
        }
        // A step that shares no divisor with a count visits each once; a large prime nearly never does.
        let step = order == .asArmed || count % 615_949 == 0 ? 1 : 615_949 % count
        var number = 0
        for _ in 0..<count {
            timeouts[number].cancel()
            number += step
            if number >= count { number -= count }
        }
        return count
    }
}

/// `withTimeout` around a call that is done at once.
func withTimeouts(_ count: Int) throws -> Figures {
    try measure(count) { count in
        var sum = 0
        for number in 0..<count { sum &+= try withTimeout(late) { number } }
        precondition(sum == count * (count - 1) / 2)
        return count
    }
}
