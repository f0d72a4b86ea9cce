// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// What a fork leaves of a thread: in the child it is the only one.

import CGreenletCore

extension GreenletThread {
    /// The process is the child of a fork, which this thread called.
    package func startOverInChild() { news.renewLock() }

    /// The stack that runs, and then those to which control goes when it ends, one after the other.
    ///
    /// Makes no handle: the one that runs may just be ending.
    package var callers: [Context] {
        var chain: [Context] = []
        var next: Context? = running
        while let context = next, !chain.contains(context) {
            chain.append(context)
            next = cgreenlet_heir(context) ?? parent(of: context)
        }
        return chain
    }

    private func parent(of context: Context) -> Context? {
        guard let parent = context.pointee.parent else { return nil }
        // Safe because a context keeps its parent.
        var greenlet: RawGreenlet? = Unmanaged<RawGreenlet>.fromOpaque(parent).takeUnretainedValue()
        while let dead = greenlet, dead.context == nil { greenlet = dead.parent }
        return greenlet?.context
    }

    /// A greenlet of the parent process: in the child nobody enters it again, and nothing of it is unwound.
    package func leaveBehind(_ context: Context) { abandon(context) }
}
