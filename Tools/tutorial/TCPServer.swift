// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// monkey: a server as in any book on sockets. After patchAll its blocking calls switch, one greenlet a connection.

import Gevent
import Glibc

private func handleRequest(_ connection: CInt) {
    var buffer = [UInt8](repeating: 0, count: 1024)
    while true {
        let count = recv(connection, &buffer, buffer.count, 0)
        if count <= 0 { break }
        print(String(decoding: buffer[..<count], as: UTF8.self))
        fflush(nil)
        send(connection, "OK", 2, Int32(MSG_NOSIGNAL))
    }
    close(connection)
}

func serve(port: UInt16) throws {
    Monkey.patchAll()

    let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var yes: CInt = 1
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<CInt>.size))
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = INADDR_LOOPBACK.bigEndian
    let bound = withUnsafePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            bind(listener, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
        }
    }
    guard bound == 0, listen(listener, 5) == 0 else { throw Failure("can't listen on port \(port)") }

    while true {
        let connection = accept(listener, nil, nil)
        guard connection >= 0 else { throw Failure("can't accept") }
        Gevent.spawn(handleRequest, connection)
    }
}

/// What went wrong in a C call, with errno's words.
private struct Failure: Error, CustomStringConvertible {
    let description: String

    init(_ attempt: String) { description = "\(attempt): \(String(cString: strerror(errno)))" }
}
