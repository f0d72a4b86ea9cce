// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// The C library's own send and recv after Monkey.patchAll(): 64 bytes there and back over a socketpair.

import Gevent
import Glibc

private let size = 64

/// One greenlet sends and waits for the answer, another one answers, in blocking calls that know nothing of greenlets.
func hookedReceive(_ count: Int) throws -> Figures {
    Monkey.patchAll()
    var ends: [CInt] = [-1, -1]
    guard socketpair(AF_UNIX, CInt(SOCK_STREAM.rawValue), 0, &ends) == 0 else { fatalError("socketpair failed") }
    let (near, far) = (ends[0], ends[1])
    let answerer = Gevent.spawn { answer(far) }
    let caller = Gevent.spawn {
        defer { close(near) }
        return try measure(count) { call(near, times: $0) }
    }
    try Gevent.joinAll([caller as AnyGreenlet, answerer], raisingErrors: true)
    return try caller.get()
}

private func answer(_ socket: CInt) {
    var bytes = [UInt8](repeating: 0, count: size)
    while case let count = recv(socket, &bytes, size, 0), count > 0 {
        precondition(send(socket, bytes, count, CInt(MSG_NOSIGNAL)) == count, "a short send")
    }
    close(socket)
}

private func call(_ socket: CInt, times count: Int) -> Int {
    let message = [UInt8](repeating: 7, count: size)
    var answer = [UInt8](repeating: 0, count: size)
    for _ in 0..<count {
        precondition(send(socket, message, size, CInt(MSG_NOSIGNAL)) == size, "a short send")
        precondition(recv(socket, &answer, size, 0) == size, "a short answer")
    }
    return count
}
