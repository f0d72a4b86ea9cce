// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Three suspended greenlets, one that runs, and a free stack, for a debugger to look at; with --shared two more.

import CGreenletCore
import Glibc
import GreenletCore

@main
struct Suspended {
    static func main() throws {
        // gdb's own generate-core-file gives a mapping up at the first page that it can't read: a guard within it.
        if CommandLine.arguments.contains("--mapped-guards") { cgreenlet_use_mapped_guards(true) }
        if CommandLine.arguments.contains("--shared") { waitOnOneStack() }
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

/// Two more, on one stack: the bytes of the first are elsewhere.
private func waitOnOneStack() {
    cgreenlet_limit_berths(1)
    let main = cgreenlet_thread_current().pointee.current
    let bodies: [cgreenlet_entry] = [{ waitInTheAttic($0) }, { waitInTheBarn($0) }]
    for body in bodies {
        guard let context = cgreenlet_acquire_shared() else { return }
        cgreenlet_prepare_shared(context, body, main)
        cgreenlet_switch(main, context)
    }
}

@inline(never) @_optimize(none)
private func waitInTheAttic(_ main: UnsafeMutableRawPointer?) { waitUnderTheRoof(main) }

@inline(never) @_optimize(none)
private func waitUnderTheRoof(_ main: UnsafeMutableRawPointer?) {
    guard let main else { return }
    cgreenlet_switch(cgreenlet_running(), main.assumingMemoryBound(to: cgreenlet_context.self))
}

@inline(never) @_optimize(none)
private func waitInTheBarn(_ main: UnsafeMutableRawPointer?) {
    while let main { cgreenlet_switch(cgreenlet_running(), main.assumingMemoryBound(to: cgreenlet_context.self)) }
}

@inline(never) @_optimize(none)
private func workInTheCellar() {
    if CommandLine.arguments.contains("--fault") { UnsafeMutablePointer<Int>(bitPattern: 64)?.pointee = 1 }
    raise(SIGTRAP)  // a debugger stops here
}
