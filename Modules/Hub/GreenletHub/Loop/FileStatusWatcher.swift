// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Changes of a file, found by looking at it again and again: where the system doesn't tell.

import GreenletCore

/// What a file was, and what it is.
public struct FileStatusChange: Hashable, Sendable {
    /// What it was when it was last told; nil if there was none.
    public let previous: FileStatus?
    /// What it is; nil if there is none any more.
    public let current: FileStatus?
}

/// Tells of changes of a file's status, by asking for it from time to time while somebody waits.
///
/// ```swift
/// let lock = try FileStatusWatcher("/mnt/share/lock", interval: .seconds(2))
/// while let change = try lock.next() {
///     print(change.current == nil ? "released" : "taken")
/// }
/// ```
///
/// The file need not be there: that it comes, or goes, is a change. Works on any file system; `FileWatcher` is quicker
/// and costs nothing where the system tells of changes by itself. The status is asked for on one of libuv's threads, so
/// a file system that hangs holds up nobody. While nobody waits nobody asks: what has happened meanwhile is one change
/// for the next who does. Changes within one interval are one; one that is undone within it is none.
///
/// gevent: `hub.loop.stat`.
public final class FileStatusWatcher {
    /// What is watched.
    public let path: String
    /// How long it is at least from one look to the next.
    public let interval: Duration
    /// What it was at the last look; nil if there was no such file.
    public private(set) var current: FileStatus?

    private let hub = Hub.current
    /// What `next` has last told.
    private var told: FileStatus?
    private var hasNews = false
    private var failure: GreenletError?
    private let waiters: ExternalWaitList
    private var request: FileStatusRequest?
    private var nextLook: Deadline
    private var alarm: Alarm?
    /// That of the loop, when `request` was made.
    private var forkCount = 0

    /// Begins to watch: looks for the first time.
    ///
    /// Switch point.
    ///
    /// - Parameters:
    ///   - path: Of a file that is there, or will be.
    ///   - interval: How long to wait from one look to the next.
    ///   - keepsHubAlive: False for one whose waits are no reason to go on: a ``LoopExit`` is thrown, and
    ///     ``Hub/join(timeout:)`` returns, as if nobody waited.
    /// - Throws: `GreenletError` with `.loopFailed` if the file can't be looked at, for example because a folder above
    ///   it may not be searched; whatever the greenlet is killed with.
    /// - Precondition: `interval` is above zero.
    ///
    /// gevent: `hub.loop.stat`.
    public init(_ path: String, interval: Duration = .seconds(1), keepsHubAlive: Bool = true) throws {
        precondition(interval > .zero, "the interval between two looks must be above zero, not \(interval)")
        self.path = path
        self.interval = interval
        waiters = ExternalWaitList(keepsHubAlive: keepsHubAlive)
        current = try FileStatus.look(at: path)
        told = current
        nextLook = Deadline(after: interval)
    }

    /// Waits for a change.
    ///
    /// Switch point, unless one has been seen.
    ///
    /// - Parameter timeout: At most how long; nil means for ever.
    /// - Returns: The change; nil if the time ran out.
    /// - Throws: `GreenletError` with `.loopFailed` if the file can't be looked at; whatever the waiting greenlet is
    ///   killed with.
    ///
    /// gevent: `hub.wait(watcher)`.
    public func next(timeout: Duration? = nil) throws -> FileStatusChange? {
        hub.checkThread("next", self)
        let deadline = Deadline(after: timeout)
        while !hasNews {
            if let failure {
                self.failure = nil
                throw failure
            }
            lookAgain()
            if try !waiters.waitForOutside(for: WaitReason("next", self), until: deadline) { return nil }
        }
        hasNews = false
        defer { told = current }
        return FileStatusChange(previous: told, current: current)
    }

    /// Throws `error` in all that wait by this watcher.
    ///
    /// Not a switch point. They get it in their turn; who waits together with other things finds it ready. It can be used
    /// again.
    ///
    /// - Parameter error: What to throw.
    ///
    /// gevent: `Hub.cancel_wait`.
    public func cancelWaits(with error: any Error) {
        hub.checkThread("cancelWaits", self)
        waiters.wakeAll(throwing: error)
    }

    /// Looks when the time has come, and as often as somebody waits then.
    private func lookAgain() {
        waiters.abandoned = { self.rest() }  // which lets go of this again
        if forkCount != hub.loop.forkCount { request = nil }  // who would answer has stayed in the parent process
        if request != nil || alarm?.isSet == true { return }
        if nextLook.remaining > .zero {
            let alarm = self.alarm ?? Alarm(on: hub) { [unowned self] in look() }
            self.alarm = alarm
            alarm.set(to: nextLook)
        } else {
            look()
        }
    }

    private func look() {
        nextLook = Deadline(after: interval)
        forkCount = hub.loop.forkCount
        let request = FileStatusRequest(path, on: hub) { [weak self] in self?.found($0) }
        do {
            try request.start()
            self.request = request
        } catch {
            hub.runSoon { [weak self] in self?.found(.failure(error)) }
        }
    }

    /// In the loop.
    private func found(_ result: FileStatusResult) {
        request = nil
        switch result {
        case .success(let status):
            if status != current { hasNews = true }
            current = status
        case .failure(let error): failure = error
        }
        if hasNews || failure != nil { waiters.wakeAll() }
        if waiters.isEmpty { rest() } else { lookAgain() }
    }

    /// Nobody waits any more.
    private func rest() {
        waiters.abandoned = {}
        alarm?.cancel()
        alarm = nil
    }
}

/// Ready when a change has been seen.
extension FileStatusWatcher: Waitable {
    /// Whether `next(timeout:)` wouldn't wait.
    public var readiness: Readiness {
        hub.checkThread("wait", self)
        return Readiness(hasNews || failure != nil, canBeTaken: true, tells: self.list)
    }

    private var list: WaitList {
        lookAgain()
        return waiters
    }
}

extension FileStatusWatcher: CustomStringConvertible {
    /// `the status of /etc/hosts`.
    public var description: String { "the status of \(path)" }
}

@available(*, unavailable)
extension FileStatusWatcher: Sendable {}
