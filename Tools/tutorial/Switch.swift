// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// greenlet: two functions that hand control to each other.

import GreenletCore

func switchByHand() throws {
    var gr1: RawGreenlet?
    var gr2: RawGreenlet?

    func test1() throws {
        print("执行test1")
        try gr2?.switch()
        print("结束test1")
        try gr2?.switch()
    }

    func test2() throws {
        print("执行test2")
        try gr1?.switch()
        print("结束test2")
    }

    gr1 = RawGreenlet(test1)
    gr2 = RawGreenlet(test2)
    try gr1?.switch()
}
