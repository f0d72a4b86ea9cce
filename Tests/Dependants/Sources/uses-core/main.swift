// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// GreenletCore alone: a greenlet that adds up what it is sent, and the state of the runtime around it.

import GreenletCore
import RuntimeState
import ThreadLocals

func run() throws {
    let main = RawGreenlet.current
    let adder = RawGreenlet { first in
        var sum = 0
        var received = first
        while let number = received as? Int {
            sum += number
            received = try main.switch(sum)
        }
        return "done"
    }
    try expect(adder.switch(1) as? Int == 1)
    try expect(adder.switch(2) as? Int == 3)
    try expect(adder.switch(nil) as? String == "done")
    expect(adder.isDead)
}

try run()
thread_locals()[0] = 1
try checkRuntimeState()
checkCurrentTask()
print("GreenletCore works")
