// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Three suspended greenlets, one that runs, and a free stack, for a debugger to look at; with --shared two more. With
// --work two that take turns at work, for a profiler.

import CGreenletCore
import Glibc
import GreenletCore

@main
struct Suspended {
    static func main() throws {
        // gdb's own generate-core-file gives a mapping up at the first page that it can't read: a guard within it.
        if CommandLine.arguments.contains("--mapped-guards") { cgreenlet_use_mapped_guards(true) }
        if CommandLine.arguments.contains("--shared") { waitOnOneStack() }
        if CommandLine.arguments.contains("--work") { return try workInTurns() }
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

private func workInTurns() throws {
    let main = RawGreenlet.current
    let workers = [RawGreenlet { try workInTheShed(main) }, RawGreenlet { try workInTheYard(main) }]
    for _ in 0..<200 {
        for worker in workers { try worker.switch() }
    }
}

@inline(never) @_optimize(none)
private func workInTheShed(_ main: RawGreenlet) throws {
    while true {
        toil()
        try RawGreenlet.switch(to: main)
    }
}

@inline(never) @_optimize(none)
private func workInTheYard(_ main: RawGreenlet) throws {
    while true {
        for _ in 0..<2 { toil() }
        try main.switch()
    }
}

/// Some tenths of a millisecond, and no system call.
@inline(never) @_optimize(none)
private func toil() {
    var rest = 500_000
    while rest > 0 { rest -= 1 }
}

@inline(never) @_optimize(none)
private func workInTheCellar() {
    if CommandLine.arguments.contains("--fault") { UnsafeMutablePointer<Int>(bitPattern: 64)?.pointee = 1 }
    raise(SIGTRAP)  // a debugger stops here
}
