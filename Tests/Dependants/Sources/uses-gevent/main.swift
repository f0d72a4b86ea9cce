// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Gevent alone: spawn with arguments, patched sleep, joinall.

import Gevent
import Glibc

func nap(_ microseconds: UInt32) -> UInt32 {
    usleep(microseconds)
    return microseconds
}

/// Ends the program if something does not hold.
func expect(_ holds: Bool, _ what: String = "this") {
    if !holds { fatalError("\(what) does not hold") }
}

func run() throws {
    Monkey.patchAll()
    let naps = (0..<10).map { _ in Gevent.spawn(nap, 50_000) }
    let elapsed = try ContinuousClock().measure { try Gevent.joinall(naps) }
    expect(elapsed < .milliseconds(400), "patched calls overlap")
    try expect(naps.allSatisfy { try $0.get() == 50_000 })
}

try run()
print("Gevent works")
