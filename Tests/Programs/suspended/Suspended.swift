// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Three suspended greenlets, one that runs, and a free stack, for a debugger to look at.

import CGreenletCore
import Glibc
import GreenletCore

@main
struct Suspended {
    static func main() throws {
        // gdb's own generate-core-file gives a mapping up at the first page that it can't read: a guard within it.
        if CommandLine.arguments.contains("--mapped-guards") { cgreenlet_use_mapped_guards(true) }
        let main = RawGreenlet.current
        let suspended = [
            RawGreenlet { try waitInTheKitchen(main) },
            RawGreenlet { waitInTheHall(main) },
            RawGreenlet(stackSize: 1 << 20) { try waitInTheGarden(main, times: 1) },
        ]
        let passing = [RawGreenlet { try main.switch() }, RawGreenlet { try main.switch() }]
        for greenlet in suspended + passing { try greenlet.switch() }
        for greenlet in passing { try greenlet.switch() }
        try RawGreenlet { workInTheCellar() }.switch()
        for greenlet in suspended { try greenlet.switch() }
        print("done")
    }
}

// All different, or the optimiser makes one of them.
@inline(never) @_optimize(none)
private func waitInTheKitchen(_ main: RawGreenlet) throws { try main.switch() }

@inline(never) @_optimize(none)
private func waitInTheHall(_ main: RawGreenlet) {
    do { try main.switch() } catch { print(error) }
}

@inline(never) @_optimize(none)
private func waitInTheGarden(_ main: RawGreenlet, times: Int) throws {
    for _ in 0..<times { try main.switch() }
}

@inline(never) @_optimize(none)
private func workInTheCellar() {
    if CommandLine.arguments.contains("--fault") { UnsafeMutablePointer<Int>(bitPattern: 64)?.pointee = 1 }
    raise(SIGTRAP)  // a debugger stops here
}
