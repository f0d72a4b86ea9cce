// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// How many stacks there are, what they take, and how deep a greenlet went.

import CGreenletCore

extension RawGreenlet {
    /// The stacks of one thread at one moment.
    ///
    /// ```swift
    /// let stacks = RawGreenlet.stackStatistics
    /// print("\(stacks.live) greenlets, \(stacks.committedBytes / max(1, stacks.live)) bytes each")
    /// ```
    public struct StackStatistics: Hashable, Sendable {
        /// Stacks in use: of greenlets that were started and have not ended.
        public let live: Int
        /// Free stacks that wait for the next greenlet, with or without memory.
        public let pooled: Int
        /// Bytes of memory that are resident in all of them now, live and pooled.
        ///
        /// Pages that were swapped out don't count.
        public let committedBytes: Int
        /// Bytes of address space that they take, guards included.
        public let reservedBytes: Int
    }

    /// Counts and weighs the stacks of the calling thread.
    ///
    /// Not a switch point. Asks the kernel about every stack that the thread has, one by one: no call
    /// for each request.
    ///
    /// greenlet: none; the nearest is `greenlet._stack_saved`.
    public static var stackStatistics: StackStatistics {
        let counts = cgreenlet_count_stacks()
        let bytes = cgreenlet_weigh_stacks()
        return StackStatistics(
            live: counts.live,
            pooled: counts.pooled,
            committedBytes: bytes.committed,
            reservedBytes: bytes.reserved
        )
    }

    /// Gives back what the calling thread keeps for greenlets to come, and has the C library give back what it keeps.
    ///
    /// Not a switch point. Free stacks lose their memory, and address space that none of the thread's greenlets needs
    /// is unmapped; greenlets that live are not touched, nor are other threads' stacks. Then the C library's heap is
    /// trimmed, of the whole process. The next greenlets start slower, for they begin with fresh memory.
    ///
    /// For after a burst: a system call for each 32 free stacks, and a look at each (mincore). Without it a thread keeps
    /// the memory of up to 1,024 free stacks, see <doc:Stacks>.
    ///
    /// - Returns: The bytes of memory that stacks and what describes them gave back, without the heap's.
    ///
    /// glibc: `malloc_trim(3)`.
    @discardableResult
    public static func trimStacks() -> Int { cgreenlet_trim_stacks() }

    /// How deep the stack was ever used: bytes from its top down to the lowest page that was touched.
    ///
    /// Not a switch point. A multiple of the page size; 0 for a greenlet that has no stack of its own: one that has
    /// not started, has ended, or is a thread's main greenlet.
    ///
    /// A stack keeps its pages when it goes back to the pool, so the depth of greenlets that had it before counts too,
    /// unless the pool gave the memory back meanwhile. It is this greenlet's alone on a stack of a size of its own (a
    /// `stackSize` above the default), which never comes from the pool, and on a thread's first greenlets. Pages that
    /// were swapped out are not seen.
    ///
    /// - Precondition: The greenlet belongs to this thread.
    ///
    /// greenlet: none; the nearest is `greenlet._stack_saved`.
    public var stackHighWater: Int {
        expectOwnThread("measure the stack of")
        guard let context else { return 0 }
        return cgreenlet_high_water(context)
    }

    /// Stacks may go at any time, but for those of the thread that asks.
    func expectOwnThread(_ what: String) {
        let current = GreenletThread.current
        precondition(
            current === thread,
            "can't \(what) \(self): it belongs to \(thread.name), and this is \(current.name)"
        )
    }
}
