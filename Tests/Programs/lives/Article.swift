// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// The code of Lifecycle.md.

import Gevent
import Glibc

func readTheArticle() throws {
    func print(_ value: Any) { say("\(value)") }
    struct Broken: Error {}

    let worker = spawn { try sleep(.seconds(3600)) }
    try Hub.current.destroy()
    print(worker.isReady)  // true
    print(try spawn { 42 }.get())  // 42, on another hub

    Hub.current.turnBudget = .microseconds(200)  // timers are more punctual while greenlets are busy
    var failures: [String] = []
    Hub.current.errorHandler = { greenlet, error in failures.append("\(greenlet.name): \(error)") }
    try spawn(name: "worker") { throw Broken() }.join()
    for failure in failures { print(failure) }

    let child = try Hub.fork()
    if child == 0 {
        try spawn { try sleep(.milliseconds(1)) }.join()
        _exit(0)
    }
    let status = try endOf(child)
    check(status == 0, "the child ends well: \(status)")
}
