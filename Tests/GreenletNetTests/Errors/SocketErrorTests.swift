// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// What errors say: the line that a user reads when his server doesn't start.

import Glibc
import GreenletHub
import GreenletNet
import GreenletTestSupport
import Testing

@Suite struct SocketErrorTests {
    @Test func aPortInUseSaysWhatToDo() async {
        await onHub {
            let first = try Socket.listen(on: try SocketAddress(host: "127.0.0.1", port: 0))
            let address = try first.localAddress
            let error = socketError { _ = try Socket.listen(on: address) }
            #expect(error?.code == .addressInUse)
            #expect(error?.operation == "listen")
            #expect(error?.errno == EADDRINUSE)
            #expect(
                error?.description
                    == "can't listen on \(address): address already in use; another program has this port; choose another "
                    + "or stop it"
            )
            first.close()
        }
    }

    @Test func aPrivilegedPortSaysWhatToDo() async {
        await onHub {
            let error = PlayedKernel.play([.bind: [.fail(EACCES)]]) {
                socketError { _ = try Socket.listen(on: try SocketAddress(host: "127.0.0.1", port: 80)) }
            }
            #expect(error?.code == .permissionDenied)
            #expect(
                error?.message
                    == "can't listen on 127.0.0.1:80: permission denied; ports below 1024 are the administrator's; "
                    + "choose one from 1024 on"
            )
        }
    }

    @Test func anAddressOfAnotherMachineSaysWhatToDo() async {
        await onHub {
            let error = socketError { _ = try Socket.listen(on: try SocketAddress(host: "192.0.2.1", port: 0)) }
            #expect(error?.code == .addressNotAvailable)
            #expect(error?.message.contains("this machine has no such address") == true)
        }
    }

    @Test func aRefusedConnectionNamesTheAddress() async {
        await onHub {
            let listener = try Socket.listen(on: try SocketAddress(host: "127.0.0.1", port: 0))
            let address = try listener.localAddress
            listener.close()
            let error = socketError { _ = try Socket.connect(to: address) }
            #expect(error?.code == .connectionRefused)
            #expect(
                error?.message.hasPrefix("can't connect to \(address): connection refused; nothing listens") == true
            )
        }
    }

    @Test func runningOutOfDescriptorsSaysWhatToDo() async {
        await onHub {
            let error = PlayedKernel.play([.socket: [.fail(EMFILE)]]) { socketError { _ = try Socket(family: .ipv4) } }
            #expect(error?.code == .tooManyDescriptors)
            #expect(error?.message.contains("raise the limit with ulimit -n") == true)
        }
    }

    @Test func aTimeoutNamesThePeerAndTheTime() async {
        await onHub {
            let pair = try Pair()
            defer { pair.close() }
            let error = socketError { _ = try pair.client.recv(maxBytes: 1, timeout: .milliseconds(20)) }
            #expect(error?.code == .timedOut)
            #expect(
                error?.message == "can't receive from \(try pair.server.localAddress): timed out after 0.02 seconds"
            )
        }
    }

    @Test func aClosedSocketSaysSo() async {
        await onHub {
            let socket = try Socket(family: .ipv4)
            socket.close()
            socket.close()
            #expect(socket.isClosed && socket.fileDescriptor < 0)
            #expect(socket.description == "Socket (closed)")
            for call in [
                { _ = try socket.recv(maxBytes: 1) }, { _ = try socket.send([1]) }, { try socket.sendAll([1]) },
                { _ = try socket.accept() }, { try socket.listen() }, { try socket.shutdown(.both) },
                { _ = try socket.localAddress }, { try socket.setOption(.noDelay, to: true) },
                { try socket.connect(to: try SocketAddress(host: "127.0.0.1", port: 1)) },
            ] as [() throws -> Void] {
                let error = socketError { try call() }
                #expect(error?.code == .closed)
                #expect(error?.errno == EBADF)
                #expect(error?.message == "the socket is closed")
            }
        }
    }
}
