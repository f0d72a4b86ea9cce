// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// One connection over loopback TCP, both ends on one hub: 64 bytes there and back.

import GreenletHub
import GreenletNet

private let size = 64

/// A client greenlet sends 64 bytes and waits until all of them are back; a server greenlet sends them back.
func echo(_ count: Int) throws -> Figures {
    let listener = try Socket.listen(on: SocketAddress(host: "127.0.0.1", port: 0))
    defer { listener.close() }
    let server = spawn { try serve(listener.accept().socket) }
    let client = spawn {
        let socket = try Socket.connect(to: listener.localAddress)
        defer { socket.close() }
        try socket.setOption(.noDelay, to: true)
        return try measure(count) { try call(socket, times: $0) }
    }
    try joinAll([client as AnyGreenlet, server], raisingErrors: true)
    return try client.get()
}

private func serve(_ socket: Socket) throws {
    defer { socket.close() }
    try socket.setOption(.noDelay, to: true)
    // Larger than a message, as a server's is that doesn't know what will come.
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 * 1024, alignment: 16)
    defer { buffer.deallocate() }
    while case let count = try socket.recv(into: buffer), count > 0 {
        try socket.sendAll(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
    }
}

private func call(_ socket: Socket, times count: Int) throws -> Int {
    let message = UnsafeMutableRawBufferPointer.allocate(byteCount: size, alignment: 16)
    let answer = UnsafeMutableRawBufferPointer.allocate(byteCount: size, alignment: 16)
    defer {
        message.deallocate()
        answer.deallocate()
    }
    for byte in message.indices { message[byte] = UInt8(byte) }
    for _ in 0..<count {
        try socket.sendAll(UnsafeRawBufferPointer(message))
        var received = 0
        while received < size {
            let more = try socket.recv(into: UnsafeMutableRawBufferPointer(rebasing: answer[received...]))
            precondition(more > 0, "the server closed the connection")
            received += more
        }
    }
    return count
}
