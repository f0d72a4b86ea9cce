// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// The rows of descriptors, children and files.

import Glibc
import GreenletCore
import GreenletHub
import GreenletTestSupport

extension HubCalls {
    static let ofWatchers = ofDescriptors + ofChildren + ofFiles

    private static let ofDescriptors = [
        BlockingCall("waitReadable(_:timeout:)", .alone) {
            let (ends, scene) = try pipeScene()
            return scene { try waitReadable(ends[0], timeout: $0) }
        },
        BlockingCall("DescriptorWatcher.wait(timeout:)", .alone) {
            let (ends, scene) = try pipeScene()
            let watcher = DescriptorWatcher(ends[0], .reading)
            return scene { try watcher.wait(timeout: $0) }
        },
        BlockingCall("waitWritable(_:timeout:)", .alone) {
            let (ends, _) = try pipeScene()
            _ = fcntl(ends[1], F_SETFL, O_NONBLOCK)
            let block = [UInt8](repeating: 0, count: 65_536)
            while write(ends[1], block, block.count) > 0 {}
            return Scene(
                serve: {
                    var buffer = block
                    _ = read(ends[0], &buffer, buffer.count)
                },
                end: { closePipe(ends) },
                call: { try waitWritable(ends[1], timeout: $0) }
            )
        },
    ]

    private static let ofChildren = [
        BlockingCall("waitForChild(_:timeout:)", .alone) {
            let pid = try startShell("exec sleep 60")
            return childScene(pid) { try waitForChild(pid, timeout: $0) != nil }
        },
        BlockingCall("ChildWatcher.wait(timeout:)", .alone) {
            let pid = try startShell("exec sleep 60")
            let child = try ChildWatcher(pid)
            return childScene(pid) { try child.wait(timeout: $0) != nil }
        },
    ]

    private static let ofFiles = [
        BlockingCall("FileWatcher.next(timeout:)", .alone) {
            let (folder, watcher) = try watchedFolder()
            return folderScene(folder, watcher) { try watcher.next(timeout: $0) != nil }
        },
        BlockingCall("FileWatcher.Iterator.next()", .alone) {
            let (folder, watcher) = try watchedFolder()
            return folderScene(folder, watcher) { _ in
                for _ in watcher { return true }
                try checkPostponed()
                return false
            }
        },
        BlockingCall("FileStatusWatcher.next(timeout:)", .alone) {
            let folder = try makeFolder()
            let watcher = try FileStatusWatcher("\(folder)/file", interval: .milliseconds(5))
            return Scene(
                serve: { append("x", to: "\(folder)/file") },
                end: { removeAll(folder) },
                call: { try watcher.next(timeout: $0) != nil }
            )
        },
    ]

    private static func pipeScene() throws -> ([CInt], (@escaping (Duration?) throws -> Bool) -> Scene) {
        var ends: [CInt] = [0, 0]
        guard pipe(&ends) == 0 else { throw TestError(Int(errno)) }
        let pair = ends
        return (pair, { Scene(serve: { write(pair[1], "x", 1) }, end: { closePipe(pair) }, call: $0) })
    }

    private static func closePipe(_ ends: [CInt]) {
        for end in ends {
            cancelWaits(on: end)
            close(end)
        }
    }

    private static func childScene(_ pid: CInt, _ call: @escaping (Duration?) throws -> Bool) -> Scene {
        Scene(
            serve: { kill(pid, SIGKILL) },
            end: {
                // Unless it has been reaped: then the number may be somebody else's.
                var status: CInt = 0
                if waitpid(pid, &status, WNOHANG) == 0 {
                    kill(pid, SIGKILL)
                    waitpid(pid, &status, 0)
                }
            },
            call: call
        )
    }

    private static func watchedFolder() throws -> (String, FileWatcher) {
        let folder = try makeFolder()
        return (folder, try FileWatcher(folder))
    }

    private static func folderScene(
        _ folder: String,
        _ watcher: FileWatcher,
        _ call: @escaping (Duration?) throws -> Bool
    ) -> Scene {
        Scene(
            serve: { append("x", to: "\(folder)/file") },
            end: {
                watcher.cancel()
                removeAll(folder)
            },
            call: call
        )
    }
}
