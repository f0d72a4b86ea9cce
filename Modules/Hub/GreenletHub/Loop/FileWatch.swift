// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// What a watcher of a file has on its hub: libuv's handle, and the changes that nobody has taken yet.

import CGreenletUV
import GreenletCore

/// Hears of changes of a file, or in a folder, and keeps them; see `FileWatcher`.
final class FileWatch: HubWatch {
    let waiters: ExternalWaitList
    private let path: String
    private var handle: LoopHandle<uv_fs_event_t>?
    private var names = Ring<String?>()
    private var kinds: [String?: FileChange.Kinds] = [:]

    /// - Parameters:
    ///   - path: Of the file.
    ///   - isCounted: Whether the hub goes on for those who wait.
    init(_ path: String, isCounted: Bool) {
        self.path = path
        waiters = ExternalWaitList(keepsHubAlive: isCounted)
    }

    deinit { _ = names.removeAll() }

    func start() throws(GreenletError) {
        let handle = try LoopHandle<uv_fs_event_t>(on: hub, for: self, "watching \(path)", uv_fs_event_init)
        self.handle = handle
        isStarted()
        let status = uv_fs_event_start(
            handle.raw,
            { handle, name, events, status in
                guard let data = handle?.pointee.data else { return }
                let watch = Unmanaged<FileWatch>.fromOpaque(data).takeUnretainedValue()
                watch.happened(name.map { String(cString: $0) }, events, status)
            },
            path,
            0
        )
        if status != 0 {
            stop()
            throw GreenletError.watching(path, status)
        }
    }

    /// Whether it was stopped, or never started.
    var isCancelled: Bool { handle == nil }

    /// Whether there is a change to take.
    var hasNews: Bool { !names.isEmpty }

    /// Waits for a change.
    ///
    /// Switch point, unless there is one.
    func next(timeout: Duration?) throws -> FileChange? {
        var deadline: Deadline?
        while names.isEmpty {
            if isCancelled { return nil }
            deadline = deadline ?? Deadline(after: timeout)
            if try !waiters.waitForOutside(for: WaitReason("next", self), until: deadline) { return nil }
        }
        let name = names.removeFirst()
        return FileChange(kinds: kinds.removeValue(forKey: name) ?? .overflow, name: name)
    }

    /// Whoever waits gets nil, when what was told before has been taken.
    override func stop() {
        guard let handle else { return }
        self.handle = nil
        handle.close()
        waiters.wakeAll()
        super.stop()
    }

    /// In the loop.
    private func happened(_ name: String?, _ events: CInt, _ status: CInt) {
        var kind: FileChange.Kinds = status < 0 ? .overflow : []  // it can't say what: everything, for all we know
        if CUnsignedInt(events) & UV_RENAME.rawValue != 0 { kind.insert(.renamed) }
        if CUnsignedInt(events) & UV_CHANGE.rawValue != 0 { kind.insert(.changed) }
        if kinds[name] == nil, names.count >= FileWatcher.limit {
            _ = names.removeAll()
            kinds.removeAll()
            note(nil, .overflow)
        } else {
            note(name, kind)
        }
        waiters.wakeAll()
    }

    private func note(_ name: String?, _ kind: FileChange.Kinds) {
        if kinds[name] == nil { names.append(name) }
        kinds[name, default: []].formUnion(kind)
    }
}

extension FileWatch: CustomStringConvertible {
    /// `changes of /etc/hosts`.
    var description: String { "changes of \(path)" }
}

extension GreenletError {
    fileprivate static func watching(_ path: String, _ status: CInt) -> GreenletError {
        let remedy =
            switch uv_errno_t(status) {
            case UV_ENOENT: "; a FileStatusWatcher may watch what isn't there yet"
            case UV_ENOSPC: "; raise fs.inotify.max_user_watches by sysctl, or watch fewer"
            case UV_EMFILE: "; raise fs.inotify.max_user_instances by sysctl or ulimit -n, or watch from fewer threads"
            default: ""
            }
        let words = String(cString: uv_strerror(status))
        return GreenletError(.loopFailed, "can't watch \(path): \(words)\(remedy)", cause: -status)
    }
}
