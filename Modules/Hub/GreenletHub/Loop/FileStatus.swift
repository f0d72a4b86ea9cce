// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// What the system knows of a file, asked on libuv's own threads.

import CGreenletUV
import GreenletCore

/// What the system knows of a file, but for when it was last read.
///
/// gevent: `loop.stat`'s `attr`. POSIX: `struct stat`.
public struct FileStatus: Hashable, Sendable {
    /// The device that holds it.
    public let device: UInt64
    /// Its number on that device: another one after it was replaced.
    public let inode: UInt64
    /// Its kind and permissions.
    public let mode: UInt32
    /// How many names it has.
    public let linkCount: UInt64
    /// Whose it is.
    public let owner: UInt32
    /// Whose group's it is.
    public let group: UInt32
    /// Its length in bytes.
    public let size: Int64
    /// When its content was last changed, counted from 1970.
    public let modified: Duration
    /// When its content or attributes were last changed, counted from 1970.
    public let changed: Duration

    fileprivate init(_ stat: uv_stat_t) {
        device = stat.st_dev
        inode = stat.st_ino
        mode = UInt32(truncatingIfNeeded: stat.st_mode)
        linkCount = stat.st_nlink
        owner = UInt32(truncatingIfNeeded: stat.st_uid)
        group = UInt32(truncatingIfNeeded: stat.st_gid)
        size = Int64(clamping: stat.st_size)
        modified = Duration(secondsComponent: Int64(stat.st_mtim.tv_sec), nanoseconds: stat.st_mtim.tv_nsec)
        changed = Duration(secondsComponent: Int64(stat.st_ctim.tv_sec), nanoseconds: stat.st_ctim.tv_nsec)
    }
}

extension Duration {
    fileprivate init(secondsComponent seconds: Int64, nanoseconds: Int) {
        self = .seconds(seconds) + .nanoseconds(Int64(nanoseconds))
    }
}

/// What came of asking: nil if there is no such file.
typealias FileStatusResult = Result<FileStatus?, GreenletError>

/// Asks for the status of a file on one of libuv's threads.
///
/// Keeps itself alive until libuv calls back, which it always does, in the hub's loop.
final class FileStatusRequest {
    private let handle = UnsafeMutablePointer<uv_fs_t>.allocate(capacity: 1)
    private let path: String
    /// Safe because the callback runs in the hub's own loop; a loop that is torn down before that never calls.
    private unowned(unsafe) let hub: Hub
    /// Who is told, in the loop; nil once nobody wants to know any more.
    var answer: ((FileStatusResult) -> Void)?

    init(_ path: String, on hub: Hub, _ answer: @escaping (FileStatusResult) -> Void) {
        self.path = path
        self.hub = hub
        self.answer = answer
    }

    deinit { handle.deallocate() }

    /// Hands the work to libuv's threads.
    func start() throws(GreenletError) {
        handle.pointee.data = Unmanaged.passRetained(self).toOpaque()
        let status = uv_fs_stat(hub.loop.handle, handle, path) { handle in
            guard let data = handle?.pointee.data else { return }
            Unmanaged<FileStatusRequest>.fromOpaque(data).takeRetainedValue().finish()
        }
        guard status == 0 else {
            Unmanaged.passUnretained(self).release()
            throw GreenletError.loop("looking at \(path)", status)
        }
        hub.loop.openHandles += 1
    }

    private func finish() {
        hub.loop.openHandles -= 1
        let status = CInt(truncatingIfNeeded: handle.pointee.result)
        let found = handle.pointee.statbuf
        uv_fs_req_cleanup(handle)
        guard let answer else { return }
        self.answer = nil
        switch uv_errno_t(status) {
        case UV_ENOENT, UV_ENOTDIR: answer(.success(nil))
        case _ where status < 0: answer(.failure(GreenletError.loop("looking at \(path)", status)))
        default: answer(.success(FileStatus(found)))
        }
    }
}

extension FileStatus {
    /// Asks for the status of a file.
    ///
    /// Switch point.
    ///
    /// A greenlet that is killed leaves at once; the question ends by itself.
    ///
    /// - Returns: Its status; nil if there is no such file.
    static func look(at path: String) throws -> FileStatus? {
        let greenlet = try Hub.current.parkable()
        let hub = greenlet.hub
        var ticket: UInt32 = 0
        var result: FileStatusResult?
        let request = FileStatusRequest(path, on: hub) { answer in
            result = answer
            greenlet.wake(.ready, ticket: ticket)
        }
        try request.start()
        ticket = greenlet.beginWait()
        hub.externalWaits += 1
        defer {
            hub.externalWaits -= 1
            request.answer = nil
        }
        _ = try greenlet.park(for: WaitReason("status of a file"), until: nil)
        return try result?.get()
    }
}
