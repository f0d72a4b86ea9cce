// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// gevent: two sleeps at the same time, three seconds in all and not five.

import Gevent

private func foo(_ a: Int, _ b: Int) throws {
    print("Running foo ... \(a) \(b)")
    try Gevent.sleep(2)
    print("Foo again")
}

private func bar() throws {
    print("Running bar ...")
    try Gevent.sleep(3)
    print("bar again")
}

func spawnAndJoin() throws {
    let f = Gevent.spawn(foo, 1, 2)
    let b = Gevent.spawn(bar)
    try Gevent.joinall([f, b])
}
