// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// GreenletNet alone: a server and a client on loopback.

import GreenletHub
import GreenletNet

func run() throws {
    let server = try StreamServer("127.0.0.1:0") { socket, _ in
        while case let bytes = try socket.recv(64), !bytes.isEmpty { try socket.sendAll(bytes) }
    }
    try server.start()
    let client = try Socket.connect(to: server.address, timeout: .seconds(5))
    try client.sendAll(Array("hello".utf8))
    precondition(try client.recv(64) == Array("hello".utf8))
    client.close()
    try server.stop(timeout: .seconds(1))
}

try run()
print("GreenletNet works")
