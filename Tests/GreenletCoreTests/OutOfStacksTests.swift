// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Running out of stacks is an error that names the limit and the remedy, and that a program survives.

import CGreenletCore
import Foundation
import GreenletCore
import GreenletTestSupport
import Testing

@Suite(.enabled(if: sanitizer == nil, "a sanitizer's shadow takes more addresses than any limit"))
struct OutOfStacksTests {
    @Test func theLimitOfAddressesIsNamed() async {
        await #expect(processExitsWith: .success) {
            await onThread {
                _ = RawGreenlet.current
                limitAddresses(to: addressesInUse() + 96 << 20)
                let error = try exhaust()
                #expect(error.code == .outOfStacks && error.cause == ENOMEM)
                #expect(error.message.contains("bytes, and"))
                #expect(error.message.hasSuffix("let greenlets end first, or raise ulimit -v"), "none is smaller")
                // What ended has given its stack back, and the next finds it.
                try RawGreenlet {}.switch()
            }
        }
    }

    @Test func theLimitOfAddressesIsNamedForAStackOfAnOwnSize() async {
        await #expect(processExitsWith: .success) {
            await onThread {
                _ = RawGreenlet.current
                limitAddresses(to: addressesInUse() + 96 << 20)
                let greenlet = RawGreenlet(stackSize: 1 << 30) {}
                let error = #expect(throws: GreenletError.self) { try greenlet.switch() }
                #expect(error?.message.contains("a stack of 1073741824 bytes") == true)
                #expect(error?.message.contains("raise ulimit -v, or give them smaller stacks") == true)
            }
        }
    }

    @Test func oneMoreThatSharesAStackIsRefusedToo() async {
        await #expect(processExitsWith: .success) {
            await onThread {
                var taken: [Context] = []
                taken.reserveCapacity(1 << 20)
                limitAddresses(to: addressesInUse() + 96 << 20)
                while let context = cgreenlet_acquire_shared() { taken.append(context) }
                precondition(errno == ENOMEM && taken.count > 100_000 && taken.count < 1 << 20)
                precondition(GreenletThread.current.stackCounts.live == taken.count)
                for context in taken { cgreenlet_release(context) }
                let again = cgreenlet_acquire_shared()
                precondition(again != nil && GreenletThread.current.stackCounts.live == 1)
                again.map(cgreenlet_release)
            }
        }
    }

    @Test func theLimitOfMappingsIsNamed() async {
        await #expect(processExitsWith: .success) {
            cgreenlet_use_mapped_guards(true)
            await onThread {
                try RawGreenlet {}.switch()
                let giveBack = useUpMappings(but: 400)
                let error = try exhaust()
                giveBack()  // the test library needs some too
                #expect(error.code == .outOfStacks)
                #expect(error.message.contains("vm.max_map_count"), "\(error)")
                #expect(error.message.contains("let greenlets end first, or raise vm.max_map_count by sysctl"))
            }
        }
    }

    @Test func moreThanTheMachineHasIsRefused() async {
        await onThread {
            let greenlet = RawGreenlet(stackSize: 1 << 60) {}
            let error = #expect(throws: GreenletError.self) { try greenlet.switch() }
            #expect(error?.message.contains("ask for a smaller stackSize") == true)
        }
    }
}

/// Starts greenlets until there is no stack left, and ends them all.
private func exhaust() throws -> GreenletError {
    let main = RawGreenlet.current
    var greenlets: [RawGreenlet] = []
    var failure: GreenletError?
    while failure == nil, greenlets.count < 100_000 {
        let greenlet = RawGreenlet { try main.switch() }
        do {
            try greenlet.switch()
            greenlets.append(greenlet)
        } catch let error as GreenletError {
            failure = error
        }
    }
    #expect(greenlets.count >= 64)
    for greenlet in greenlets { try greenlet.switch() }
    return try #require(failure)
}

private func addressesInUse() -> Int {
    let sizes = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8)) ?? ""
    return (sizes.split(separator: " ").first.flatMap { Int($0) } ?? 0) * sysconf(Int32(_SC_PAGESIZE))
}

private func limitAddresses(to bytes: Int) {
    var limit = rlimit(rlim_cur: rlim_t(bytes), rlim_max: rlim_t(bytes))
    setrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit)
}

/// Splits one large mapping into as many as there may be, but for some; returns how to undo it.
private func useUpMappings(but spare: Int) -> () -> Void {
    let text = (try? String(contentsOfFile: "/proc/sys/vm/max_map_count", encoding: .utf8)) ?? ""
    let limit = Int(text.trimmingCharacters(in: .whitespacesAndNewlines)) ?? 65_530
    let maps = (try? String(contentsOfFile: "/proc/self/maps", encoding: .utf8)) ?? ""
    let wanted = limit - maps.split(separator: "\n").count - spare
    let page = sysconf(Int32(_SC_PAGESIZE))
    let base = mmap(nil, wanted * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)
    guard let base, base != MAP_FAILED else { return {} }
    for piece in stride(from: 1, to: wanted, by: 2) { mprotect(base + piece * page, page, PROT_NONE) }
    return { munmap(base, wanted * page) }
}
