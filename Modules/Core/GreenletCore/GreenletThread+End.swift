// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Ending what nobody can reach: orphans at the safe points, and whatever is suspended when the thread ends.

import CGreenletCore
import Synchronization

extension GreenletThread {
    /// A safe point: delivers `GreenletExit` to suspended greenlets that nobody can reach any more.
    @inline(__always)
    func endOrphans() {
        if cgreenlet_wants_attention(record) { endOrphansNow() }
    }

    @inline(never)
    private func endOrphansNow() {
        readNews()
        adoptStoppedStrays()
        // One by one, for the end of one may be that of others: it runs code. Those that it adds are for the next time.
        for _ in 0..<orphans.count {
            guard let context = orphans.popFirst() else { break }
            updateAttention()
            if context == running {
                strays(context)  // resumed by its scheduler
                continue
            }
            guard var survivor = end(context), isKnownUniquelyReferenced(&survivor) else { continue }
            report("GreenletExit did not kill \(survivor); its stack stays in use")
            _ = Unmanaged.passRetained(survivor)  // kept for ever: it survived once, and would again
        }
        updateAttention()
    }

    /// Finds the orphans among those whose handle was dropped.
    private func readNews() {
        for dropped in news.take() {
            if noticed.remove(dropped.address) == nil {
                // Nobody has touched the context since, or the handle would have been noticed.
                dropped.context.pointee.owner = nil
                if dropped.context == running { strays(dropped.context) } else { orphans.append(dropped.context) }
            }
            cgreenlet_let_go(dropped.address)
        }
    }

    /// Throws `GreenletExit` into a suspended raw greenlet that has lost its handle, or will now.
    ///
    /// Its end comes back to the greenlet that happens to run now.
    ///
    /// - Returns: The greenlet, if it lives on.
    private func end(_ context: Context) -> RawGreenlet? {
        let greenlet = RawGreenlet.handle(on: context, of: self)
        let parent = greenlet.parent
        try? greenlet.setParent(currentGreenlet)
        do {
            try greenlet.enterToEnd()
        } catch {
            report("an unreachable greenlet ended with an error: \(error)")
        }
        guard greenlet.isActive else { return nil }
        if let parent { try? greenlet.setParent(parent) }
        return greenlet
    }

    private func report(_ message: String) { writeToStandardError("greenlet: \(message)") }

    /// The thread ends: what can still be ended is, and handles that outlive the thread find nothing of it.
    func exit() {
        isEnding = true
        endOrphans()
        endStarted()
        tracer = nil
        buryScheduler?()
        buryScheduler = nil
        endStarted()  // what that let go of was code of the user's, too
        news.close()
        abandonGuests()
        abandon(mainContext)
        main = nil
        hasExited.store(true, ordering: .releasing)
        settle()
    }

    /// Throws `GreenletExit` into all that are suspended, in the order in which they started.
    ///
    /// Their ends may start others: those come after them, but not for ever.
    private func endStarted() {
        for _ in 0..<4 {
            for greenlet in suspended() {
                guard let context = greenlet.context, let survivor = end(context) else { continue }
                report("GreenletExit did not kill \(survivor), whose thread ends; nothing more of it is unwound")
                giveUp(context)
            }
        }
        let rest = suspended()
        if rest.isEmpty { return }
        report("\(name) ends, and its last greenlets keep starting others: \(rest.count) of those are not unwound")
        for greenlet in rest { greenlet.context.map(giveUp) }
    }

    /// Handles on what others made, C or a scheduler, find nothing from now on: it lives longer than this object.
    private func abandonGuests() {
        for context in contexts(where: { $0.pointee.owner != nil && $0.pointee.parent == nil }) { abandon(context) }
    }

    /// Nobody will enter it again.
    private func giveUp(_ context: Context) {
        abandon(context)
        if context.pointee.scheduled == nil { cgreenlet_abandon(context) }  // else its scheduler may still know it
    }

    /// The raw greenlets that have a stack, in the order in which they started.
    ///
    /// As handles: the end of one may be that of others, and their stacks may go, or serve again.
    private func suspended() -> [RawGreenlet] {
        contexts { $0.pointee.parent != nil }
            .sorted { $0.pointee.start_number < $1.pointee.start_number }
            .map { RawGreenlet.handle(on: $0, of: self) }
    }

    // `isWanted` looks only.
    private func contexts(where isWanted: @escaping (Context) -> Bool) -> [Context] {
        var search = (isWanted: isWanted, found: [Context]())
        withUnsafeMutablePointer(to: &search) { search in
            cgreenlet_visit_stacks(
                { context, argument in
                    let search = argument.assumingMemoryBound(to: (isWanted: (Context) -> Bool, found: [Context]).self)
                    if search.pointee.isWanted(context) { search.pointee.found.append(context) }
                },
                search
            )
        }
        return search.found
    }
}
