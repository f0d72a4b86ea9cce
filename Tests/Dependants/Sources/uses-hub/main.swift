// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// GreenletHub alone: a producer and a consumer.

import GreenletHub

/// Ends the program if something does not hold.
func expect(_ holds: Bool, _ what: String = "this") {
    if !holds { fatalError("\(what) does not hold") }
}

func run() throws {
    let queue = Queue<Int>(capacity: 2)
    let consumer = spawn { try (0..<10).reduce(0) { sum, _ in try sum + queue.get() } }
    let producer = spawn {
        for number in 0..<10 {
            try queue.put(number)
            try sleep(.milliseconds(1))
        }
    }
    try joinAll([producer as AnyGreenlet, consumer])
    try expect(consumer.get() == 45)
}

try run()
print("GreenletHub works")
