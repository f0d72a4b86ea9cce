// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Changes of a file, or in a folder, as the system tells of them.

import GreenletCore

/// Something that has happened to a file, or in a folder.
public struct FileChange: Hashable, Sendable {
    /// What has happened; several things, if nobody looked between them.
    public struct Kinds: OptionSet, Hashable, Sendable {
        /// The bits.
        public let rawValue: Int

        /// Creates a set from its bits.
        ///
        /// - Parameter rawValue: The bits.
        public init(rawValue: Int) { self.rawValue = rawValue }

        /// It was created, moved or removed.
        public static var renamed: Kinds { Kinds(rawValue: 1) }
        /// Its content or its attributes were changed.
        public static var changed: Kinds { Kinds(rawValue: 2) }
        /// More has changed than was kept: everything has to be looked at.
        public static var overflow: Kinds { Kinds(rawValue: 4) }
    }

    /// What has happened.
    public let kinds: Kinds
    /// The name of the file, without its folder; nil if the system doesn't tell, and for `overflow`.
    public let name: String?

    package init(kinds: Kinds, name: String?) {
        self.kinds = kinds
        self.name = name
    }
}

/// Tells of changes of one file, or of the files in one folder, without looking at them periodically.
///
/// ```swift
/// let settings = try FileWatcher("/etc/greenlet.d")
/// while let change = try settings.next() {
///     if change.name == "settings.json" { reload() }
/// }
/// ```
///
/// Changes of the same name that nobody has taken yet are told as one; so a burst of writes is one or two changes, and
/// whoever looks at the file afterwards has missed nothing. Of two greenlets that wait, one gets a change.
///
/// A watched folder tells of its files, but not of those in folders below. A watched file is the file itself and not
/// its name: editors that save by renaming replace it, and nothing is told any more; watch its folder instead.
///
/// What nobody takes is kept, up to `limit` names; then it is all dropped for one change with `overflow`. The kernel's
/// own queue is limited too (`fs.inotify.max_queued_events`, usually 16,384), and what it drops it doesn't tell:
/// greenlets that hold the thread for long under a storm of changes should look at everything afterwards. Some file
/// systems (NFS, FUSE, /proc) don't tell what others change; see `FileStatusWatcher`.
///
/// gevent: none; libuv's `uv_fs_event_t`. POSIX: none; Linux's `inotify(7)`.
public final class FileWatcher {
    /// How many names are kept at most while nobody takes them.
    public static var limit: Int { 4_096 }

    /// What is watched.
    public let path: String
    private let holder: WatchHolder<FileWatch>

    /// Begins to watch.
    ///
    /// Not a switch point.
    ///
    /// - Parameters:
    ///   - path: Of a file or a folder that is there.
    ///   - keepsHubAlive: False for one whose waits are no reason to go on: a ``LoopExit`` is thrown, and
    ///     ``Hub/join(timeout:)`` returns, as if nobody waited.
    /// - Throws: `GreenletError` with `.loopFailed`; its cause is `ENOENT` if there is no such file, `ENOSPC` or
    ///   `EMFILE` if the user watches too many (`fs.inotify.max_user_watches`, `fs.inotify.max_user_instances`).
    public init(_ path: String, keepsHubAlive: Bool = true) throws {
        self.path = path
        let watch = FileWatch(path, isCounted: keepsHubAlive)
        holder = WatchHolder(watch)
        try watch.start()
    }

    /// Waits for a change.
    ///
    /// Switch point, unless there is one.
    ///
    /// - Parameter timeout: At most how long; nil means for ever.
    /// - Returns: The change that was the first; nil if the time ran out, or if the watcher was cancelled.
    /// - Throws: Whatever the waiting greenlet is killed with; `GreenletError` where nothing may block.
    public func next(timeout: Duration? = nil) throws -> FileChange? {
        defer { withExtendedLifetime(self) {} }  // what it has on the hub goes with it
        let watch = holder.watch
        watch.hub.checkThread("next", self)
        return try watch.next(timeout: timeout)
    }

    /// Throws `error` in all that wait by this watcher.
    ///
    /// Not a switch point. They get it in their turn; who waits together with other things finds it ready. Changes are
    /// noted on, for whoever comes next.
    ///
    /// - Parameter error: What to throw.
    ///
    /// gevent: `Hub.cancel_wait`.
    public func cancelWaits(with error: any Error) {
        holder.watch.hub.checkThread("cancelWaits", self)
        holder.watch.waiters.wakeAll(throwing: error)
    }

    /// Whether `cancel()` was called.
    public var isCancelled: Bool { holder.watch.isCancelled }

    /// Stops watching: whoever waits gets nil, when what was told before has been taken.
    ///
    /// Not a switch point. Done, too, when the watcher goes, and when its hub ends.
    public func cancel() {
        let watch = holder.watch
        if watch.isCancelled { return }
        watch.hub.checkThread("cancel", self)
        watch.stop()
    }
}

/// Ready when there is a change to take, or it was cancelled.
extension FileWatcher: Waitable {
    /// Whether `next(timeout:)` wouldn't wait.
    public var readiness: Readiness {
        let watch = holder.watch
        watch.hub.checkThread("wait", self)
        return Readiness(watch.hasNews || watch.isCancelled, canBeTaken: true, tells: self.list)
    }

    private var list: WaitList {
        let waiters = holder.watch.waiters
        waiters.abandoned = { self.holder.watch.waiters.abandoned = {} }  // alive until nobody waits
        return waiters
    }
}

/// Iterating takes changes until the watcher is cancelled. Each step is a switch point.
///
/// `for change in watcher` can't throw: if the greenlet is killed while it waits, the loop ends, and the error is
/// thrown as for a queue: see ``checkInterruption()``. Where what follows the loop must not run then, write
/// `while let change = try watcher.next()`.
extension FileWatcher: Sequence {
    /// Takes changes, one after the other.
    public struct Iterator: IteratorProtocol {
        fileprivate let watcher: FileWatcher

        /// Takes the next change, and waits for it if there is none.
        ///
        /// Switch point.
        ///
        /// - Returns: The change; nil if the watcher was cancelled, or the greenlet shall stop.
        public func next() -> FileChange? {
            let step = LoopStep()
            defer { step.end() }
            do {
                return try watcher.next()
            } catch {
                step.postpone(error)
                return nil
            }
        }
    }

    /// An iterator that takes changes from this watcher.
    ///
    /// Not a switch point.
    ///
    /// - Returns: The iterator.
    public func makeIterator() -> Iterator { Iterator(watcher: self) }
}

extension FileWatcher: CustomStringConvertible {
    /// `changes of /etc/hosts`.
    public var description: String { "changes of \(path)" }
}

@available(*, unavailable)
extension FileWatcher: Sendable {}
