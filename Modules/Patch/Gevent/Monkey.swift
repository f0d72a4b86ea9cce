// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Patching: from here on the C library's own blocking calls let other greenlets run.

import CGeventMonkey

/// Makes ordinary blocking calls cooperative: in this program, in Foundation, and in the C libraries it has loaded.
///
/// The pointers by which each loaded object reaches `recv`, `poll`, `sleep` and their like are replaced at run time.
/// On a thread that has a hub such a call parks the greenlet that makes it; on other threads, for descriptors that the
/// program made non-blocking, and for regular files, it does what it always did. Patching is explicit, may be partial,
/// can be queried, and can be undone.
///
/// ```swift
/// Monkey.patchAll()
/// let sleepers = (0..<100).map { _ in Gevent.spawn { Glibc.sleep(1) } }
/// try Gevent.joinall(sleepers)  // one second, not a hundred
/// ```
///
/// Not reached: what the C library calls inside itself (stdio, `system`, the resolver), system calls made without it,
/// and fully static executables.
///
/// A kill or a timeout that arrives in such a call can't be thrown through C: the call returns -1 with `ECANCELED`, and
/// so does every later one, until the error is thrown at the next switch point in Swift.
///
/// gevent: `gevent.monkey`.
public enum Monkey {
    /// A family of calls that are patched together.
    public struct Part: OptionSet, Sendable {
        /// The bits of the families.
        public let rawValue: UInt32

        /// Creates a set from its bits.
        ///
        /// - Parameter rawValue: The bits.
        public init(rawValue: UInt32) { self.rawValue = rawValue }

        /// `socket`, `accept`, `connect`, `recv`, `send` and their like, and `read` and `write` on sockets.
        public static let socket = Part(CGEVENT_GROUP_SOCKET)
        /// `sleep`, `usleep`, `nanosleep`, `clock_nanosleep`.
        public static let time = Part(CGEVENT_GROUP_TIME)
        /// `poll`, `select`, `epoll_wait` and their like.
        public static let select = Part(CGEVENT_GROUP_POLL)
        /// `read` and `write` on pipes, terminals and whatever else can be polled.
        public static let os = Part(CGEVENT_GROUP_OS)
        /// All of them.
        public static let all: Part = [.socket, .time, .select, .os]

        private init(_ group: cgevent_group) { rawValue = group.rawValue }
    }

    /// Patches everything there is to patch.
    ///
    /// Not a switch point. Patching what is patched already reaches what was loaded since.
    ///
    /// - Returns: How many pointers were replaced by this call.
    /// - Precondition: The platform can be patched; see `patch(_:)` for a call that throws.
    ///
    /// gevent: `gevent.monkey.patch_all`.
    @discardableResult
    public static func patchAll() -> Int { mustPatch(.all) }

    /// Patches `socket`, `accept`, `connect`, `recv`, `send` and their like.
    ///
    /// Not a switch point.
    ///
    /// - Returns: How many pointers were replaced by this call.
    /// - Precondition: As `patchAll()`.
    ///
    /// gevent: `gevent.monkey.patch_socket`.
    @discardableResult
    public static func patchSocket() -> Int { mustPatch(.socket) }

    /// Patches `sleep`, `usleep`, `nanosleep` and `clock_nanosleep`.
    ///
    /// Not a switch point.
    ///
    /// - Returns: How many pointers were replaced by this call.
    /// - Precondition: As `patchAll()`.
    ///
    /// gevent: `gevent.monkey.patch_time`.
    @discardableResult
    public static func patchTime() -> Int { mustPatch(.time) }

    /// Patches `poll`, `select`, `epoll_wait` and their like.
    ///
    /// Not a switch point.
    ///
    /// - Returns: How many pointers were replaced by this call.
    /// - Precondition: As `patchAll()`.
    ///
    /// gevent: `gevent.monkey.patch_select`.
    @discardableResult
    public static func patchSelect() -> Int { mustPatch(.select) }

    private static func mustPatch(_ parts: Part) -> Int {
        do {
            return try patch(parts)
        } catch {
            fatalError("\(error)")
        }
    }

    /// Patches some families of calls.
    ///
    /// Not a switch point.
    ///
    /// - Parameter parts: Which.
    /// - Returns: How many pointers were replaced by this call.
    /// - Throws: `PatchError` if this program can't be patched: another platform, or a fully static executable.
    @discardableResult
    public static func patch(_ parts: Part) throws -> Int {
        cgevent_install_scheduler(CooperativeCalls.table)
        return try PatchError.check(cgevent_patch(parts.rawValue), "patch")
    }

    /// Gives the calls their old behaviour back.
    ///
    /// Not a switch point. A greenlet that waits in such a call finishes it cooperatively.
    ///
    /// - Parameter parts: Which.
    /// - Returns: How many pointers were restored.
    /// - Throws: `PatchError` as `patch(_:)`.
    @discardableResult
    public static func unpatch(_ parts: Part = .all) throws -> Int {
        try PatchError.check(cgevent_unpatch(parts.rawValue), "unpatch")
    }

    /// The families that are patched now.
    public static var patched: Part { Part(rawValue: cgevent_patched_groups()) }

    /// Whether all of these families are patched.
    ///
    /// - Parameter part: Which.
    /// - Returns: Whether they are.
    ///
    /// gevent: `gevent.monkey.is_module_patched`.
    public static func isPatched(_ part: Part) -> Bool { patched.isSuperset(of: part) }

    /// Whether a call is patched.
    ///
    /// - Parameter name: Its name in C, such as `"recv"`.
    /// - Returns: Whether it is; false if there is no hook for it.
    ///
    /// gevent: `gevent.monkey.is_object_patched`.
    public static func isPatched(_ name: String) -> Bool { cgevent_is_symbol_patched(name) }

    /// The C library's own function behind a patched call; it blocks the thread as ever.
    ///
    /// - Parameter name: Its name in C, such as `"recv"`.
    /// - Returns: A pointer to the function; nil if there is no hook for it.
    ///
    /// gevent: `gevent.monkey.get_original`.
    public static func original(_ name: String) -> UnsafeMutableRawPointer? { cgevent_original(name) }

    /// For each call that has a hook, how many pointers lead to it now.
    public static var report: [(name: String, pointers: Int)] {
        (0..<cgevent_symbol_count()).compactMap { index in
            cgevent_symbol_name(index).map { (String(cString: $0), Int(cgevent_symbol_slots($0))) }
        }
    }
}
