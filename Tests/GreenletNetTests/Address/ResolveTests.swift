// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Names: looked up beside the loop, and left alone when nobody waits any more.

import GreenletCore
import GreenletHub
import GreenletNet
import GreenletTestSupport
import Testing

@Suite struct ResolveTests {
    @Test func addressesInDigitsNeedNoResolver() async {
        await onHub {
            let addresses = try SocketAddress.resolve(host: "127.0.0.1", port: 80, timeout: .zero)
            #expect(addresses.map(\.description) == ["127.0.0.1:80"])
            #expect(Hub.current.loop.openHandles == 0)
            let error = socketError { _ = try SocketAddress.resolve(host: "127.0.0.1", port: 80, family: .ipv6) }
            #expect(error?.code == .unknownHost)
        }
    }

    @Test func localhostIsFoundWhileOthersRun() async {
        await onHub {
            var others = 0
            let other = spawn {
                while true {
                    others += 1
                    try yieldNow()
                }
            }
            let addresses = try SocketAddress.resolve(host: "localhost", port: 80, timeout: .seconds(20))
            #expect(addresses.contains { $0.description == "127.0.0.1:80" || $0.description == "[::1]:80" })
            #expect(
                try SocketAddress.resolve(host: "localhost", port: 1, family: .ipv4).allSatisfy { $0.family == .ipv4 }
            )
            #expect(others > 0)
            try other.kill()
        }
    }

    @Test func unknownNamesAreNamedInTheError() async {
        await onHub {
            let error = socketError {
                _ = try SocketAddress.resolve(host: "no.such.host.invalid", port: 80, timeout: .seconds(30))
            }
            #expect(error?.code == .unknownHost || error?.code == .lookupFailed)
            #expect(error?.message.hasPrefix("can't look up no.such.host.invalid: ") == true)
            #expect(socketError { _ = try SocketAddress.resolve(host: "a\0b", port: 80) }?.code == .unknownHost)
            #expect(socketError { _ = try SocketAddress.resolve(host: "", port: 80) }?.code == .unknownHost)
            let long = String(repeating: "a.", count: 200)
            #expect(socketError { _ = try SocketAddress.resolve(host: long, port: 80) } != nil)
        }
    }

    @Test func aKillOrATimeoutLeavesTheLookUpBehindSafely() async {
        await onHub {
            let impatient = socketError { _ = try SocketAddress.resolve(host: "localhost", port: 80, timeout: .zero) }
            #expect(impatient?.code == .timedOut)
            #expect(impatient?.message.contains("no answer after 0") == true)
            let victims = (0..<20).map { _ in spawn { try SocketAddress.resolve(host: "localhost", port: 80) } }
            try yieldNow()
            #expect(Hub.current.loop.openHandles > 0)
            try killAll(victims)
            #expect(Hub.current.externalWaits == 0)
            // The callbacks come by themselves, and only they free what they hold.
            for _ in 0..<1000 where Hub.current.loop.openHandles > 0 { try sleep(.milliseconds(5)) }
            #expect(Hub.current.loop.openHandles == 0)
        }
    }

    @Test func aThreadMayEndWhileALookUpIsUnderWay() async {
        for _ in 0..<5 {
            await onHub(allowingLeftovers: true) {
                let victim = spawn { try SocketAddress.resolve(host: "localhost", port: 80) }
                try yieldNow()
                try victim.kill()
            }
        }
    }
}
