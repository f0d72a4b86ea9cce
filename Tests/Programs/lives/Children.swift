// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// What the programs that fork share.

import CGreenletPort
import Gevent
import Glibc

/// How a child ended: its status, or the negative number of the signal.
func endOf(_ child: CInt) throws -> CInt {
    var status: CInt = 0
    // The greenlets go on meanwhile.
    while waitpid(child, &status, WNOHANG) == 0 { try sleep(.milliseconds(2)) }
    return status & 0x7f == 0 ? (status >> 8) & 0xff : -(status & 0x7f)
}

/// Forks, runs `body` in the child, and expects that all was as it should be there.
func inChild(line: UInt = #line, _ body: () throws -> Void) throws {
    let child = try Gevent.fork()
    if child == 0 {
        do { try body() } catch { check(false, "the child ends without \(error)", line: line) }
        leaveChild()
    }
    let status = try endOf(child)
    check(status == 0, "the child ends with 0, and not with \(status)", line: line)
}

/// `fork` as a C library would call it.
func forkBelowC() -> CInt { cgreenlet_port_fork() }

/// How many descriptors this process has.
func countDescriptors() -> Int { (0..<256).count { fcntl($0, F_GETFD) >= 0 } }

/// Two connected sockets.
func makePair() -> (CInt, CInt) {
    var ends: [CInt] = [0, 0]
    precondition(socketpair(AF_UNIX, CInt(SOCK_STREAM.rawValue), 0, &ends) == 0)
    return (ends[0], ends[1])
}

/// Waits until there is something to read, and reads one byte.
func readByte(_ descriptor: CInt) throws -> UInt8 {
    let poller = try Hub.current.poller(for: descriptor)
    _ = try poller.wait(.read, for: WaitReason("a byte", descriptor: descriptor))
    var byte: UInt8 = 0
    let count = recv(descriptor, &byte, 1, CInt(MSG_DONTWAIT))
    check(count == 1, "one byte is there")
    return byte
}

func writeByte(_ descriptor: CInt, _ byte: UInt8 = 1) {
    var byte = byte
    check(write(descriptor, &byte, 1) == 1, "a byte can be written")
}

/// Spawning, sleeping, a queue and a socket work.
func useEverything() throws {
    let queue = Queue<Int>()
    let getter = spawn { try (0..<10).map { _ in try queue.get() } }
    let putter = spawn {
        for number in 0..<10 {
            try sleep(.milliseconds(1))
            try queue.put(number)
        }
    }
    let (near, far) = makePair()
    let reader = spawn { try readByte(near) }
    spawn(after: .milliseconds(5)) { writeByte(far, 7) }
    let (numbers, byte) = (try getter.get(), try reader.get())
    try putter.join()
    check(numbers == Array(0..<10), "a queue hands over what is put")
    check(byte == 7, "a socket tells what was written")
    for end in [near, far] {
        Hub.current.forget(end)
        close(end)
    }
}
