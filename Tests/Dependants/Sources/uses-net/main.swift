// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// GreenletNet alone: a server and a client on loopback.

import GreenletHub
import GreenletNet

/// Ends the program if something does not hold.
func expect(_ holds: Bool, _ what: String = "this") {
    if !holds { fatalError("\(what) does not hold") }
}

func run() throws {
    let server = StreamServer("127.0.0.1:0") { socket, _ in
        while case let bytes = try socket.recv(maxBytes: 64), !bytes.isEmpty { try socket.sendAll(bytes) }
    }
    try server.start()
    guard let address = server.address else { preconditionFailure("a started server has an address") }
    let client = try Socket.connect(to: address, timeout: .seconds(5))
    try client.sendAll("hello")
    try expect(client.recv(maxBytes: 64) == Array("hello".utf8))
    client.close()
    try server.stop(timeout: .seconds(1))
}

try run()
print("GreenletNet works")
