// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// A kernel that fails on demand: for tests of what the real one does seldom.

import Glibc
import Synchronization

/// A call that can be played.
package enum SystemCall: Hashable, Sendable {
    case socket
    case bind
    case listen
    case accept
    case connect
    case receive
    case send
}

/// What the kernel shall do at one call.
package enum KernelMove: Sendable {
    /// Fail with this error number. `EINTR` is seen by the retry only.
    case fail(CInt)
    /// Transfer at most so many bytes.
    case short(Int)
    /// Do as always.
    case pass
}

/// Scripts of kernel moves, one for each thread that asked for it.
///
/// Other threads have the real kernel.
package enum PlayedKernel {
    private struct Script {
        var moves: [SystemCall: [KernelMove]]
        var isEndless: Bool
        var played = 0
    }

    private static let players = Atomic<Int>(0)
    private static let scripts = Mutex<[UInt: Script]>([:])

    /// Whether any thread plays.
    @inline(__always)
    static var isPlaying: Bool { players.load(ordering: .relaxed) != 0 }

    /// Plays these moves to the calling thread while `body` runs, then the real kernel is back.
    ///
    /// - Parameters:
    ///   - moves: For each call what happens, in order; when they are used up, the real kernel answers.
    ///   - isEndless: Whether the last move of each call is repeated for ever.
    ///   - body: What to run. Other greenlets of this thread see the same kernel.
    /// - Returns: What `body` returns.
    package static func play<Result>(
        _ moves: [SystemCall: [KernelMove]],
        isEndless: Bool = false,
        _ body: () throws -> Result
    ) rethrows -> Result {
        let thread = UInt(pthread_self())
        scripts.withLock { $0[thread] = Script(moves: moves, isEndless: isEndless) }
        players.add(1, ordering: .relaxed)
        defer {
            players.subtract(1, ordering: .relaxed)
            _ = scripts.withLock { $0.removeValue(forKey: thread) }
        }
        return try body()
    }

    /// How many moves the calling thread has been dealt.
    package static var movesPlayed: Int { scripts.withLock { $0[UInt(pthread_self())]?.played ?? 0 } }

    @inline(never)
    static func next(_ call: SystemCall) -> KernelMove? {
        scripts.withLock { scripts in
            let thread = UInt(pthread_self())
            guard var script = scripts[thread], let move = script.moves[call]?.first else { return nil }
            if !script.isEndless || script.moves[call]?.count != 1 { script.moves[call]?.removeFirst() }
            script.played += 1
            scripts[thread] = script
            return move
        }
    }
}
