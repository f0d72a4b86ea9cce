// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// The choice between a stack for each greenlet and a few that all take turns on.

extension Hub {
    /// What a hub's greenlets have for a stack.
    ///
    /// ```swift
    /// Hub.current.stacks = .shared
    /// for _ in 0..<1_000_000 { spawn { try sleep(.seconds(10)) } }
    /// ```
    public enum Stacks: Sendable {
        /// Each greenlet has one, until it ends.
        case own

        /// All greenlets take turns on 64 stacks of the default size.
        ///
        /// **Saves** memory where very many wait, and the time to get it: one that waits takes the bytes that its frames
        /// use, a few hundred as a rule, and not the whole pages that they lie on.
        ///
        /// **Costs** two small copies a switch as soon as more greenlets live than there are stacks: the bytes of the one
        /// that is in the way go aside, those of the one that comes go back to where they were. So it is dear for those
        /// that are deep in calls when they wait. Without memory for that the process ends.
        ///
        /// **Beware**: while a greenlet waits, its stack is somebody else's. Nobody but itself may read or write its local
        /// variables by a pointer then: no other greenlet, no other thread, not the kernel. Swift code that passes
        /// values, objects and escaping closures never does; with `withUnsafeMutablePointer(to:)` or
        /// `withoutActuallyEscaping` it can. C code may: a library whose worker thread writes its result into the frame
        /// of the caller, which waits for that in a patched call; `io_submit` with a buffer on the stack; a list of frames
        /// that a library keeps for each thread. Memory that is lent, as to `Socket.recv(into:)`, must be on the heap if
        /// others use it meanwhile. An allocator that is replaced must not wait. Nothing notices; another greenlet's
        /// variables change. That is why it is not the default. Python's greenlet has the same rule, for all that it runs.
        ///
        /// Raw greenlets, coroutines and the hub itself keep stacks of their own; so do all greenlets under a sanitizer or
        /// Valgrind, and where Swift's per-thread words were not found.
        case shared
    }
}
