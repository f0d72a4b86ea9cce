// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// GreenletCore alone: a greenlet that adds up what it is sent.

import GreenletCore

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
    precondition(try adder.switch(1) as? Int == 1)
    precondition(try adder.switch(2) as? Int == 3)
    precondition(try adder.switch(nil) as? String == "done")
    precondition(adder.isDead)
}

try run()
print("GreenletCore works")
