// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Running the programs of Tools/ and the clients of Tests/ as a user would, and ending them by their own id.

package import Foundation

/// A program that was built along with the tests, or a script beside them.
package enum Programs {
    /// The folder of the test bundle, where the package's executables are too.
    private static let folder = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()

    /// The package's own folder.
    package static let package = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// The path of an executable of this package.
    package static func path(_ name: String) -> String {
        let beside = folder.appendingPathComponent(name).path
        if FileManager.default.isExecutableFile(atPath: beside) { return beside }
        // Under `swift test` the first argument is the toolchain's helper: look at who we are instead.
        let this = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
        return URL(fileURLWithPath: this).deletingLastPathComponent().appendingPathComponent(name).path
    }

    /// A file of this package.
    package static func file(_ path: String) -> URL { package.appendingPathComponent(path) }

    /// What a program that has ended left behind.
    package struct Ended: Sendable {
        package let status: Int32
        package let output: String
        package let errors: String
    }

    /// Runs a program to its end.
    ///
    /// - Parameters:
    ///   - command: Its path and arguments.
    ///   - limit: After how many seconds it is killed.
    /// - Returns: How it ended, and what it printed.
    /// - Throws: What Foundation throws if it can't be started.
    package static func run(_ command: [String], limit: Double = 60) async throws -> Ended {
        let running = try RunningProgram(command)
        return await offTheSharedPool { running.waitForEnd(limit: limit) }
    }
}

/// Runs `body`, which blocks, on a thread of its own, so that other tests go on.
package func offTheSharedPool<Value: Sendable>(_ body: @escaping @Sendable () -> Value) async -> Value {
    await withCheckedContinuation { continuation in
        Thread.detachNewThread { continuation.resume(returning: body()) }
    }
}

/// A program that runs beside the test.
package final class RunningProgram: Sendable {
    private let process = Process()
    private let output = Collected()
    private let errors = Collected()

    /// Starts a program.
    ///
    /// - Parameters:
    ///   - command: Its path, or its name on the PATH, and its arguments.
    ///   - environment: What to add to the environment.
    /// - Throws: What Foundation throws if it can't be started.
    package init(_ command: [String], environment: [String: String] = [:]) throws {
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = command
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        process.standardOutput = output.pipe
        process.standardError = errors.pipe
        process.standardInput = FileHandle.nullDevice
        // The shared pool's threads block all signals, and a program inherits that: it could not be ended politely.
        var none = sigset_t()
        var before = sigset_t()
        sigemptyset(&none)
        pthread_sigmask(SIG_SETMASK, &none, &before)
        defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
        try process.run()
        output.begin()
        errors.begin()
    }

    package var id: Int32 { process.processIdentifier }

    /// What it has printed so far.
    package var printed: String { output.text }

    /// What it has complained of so far.
    package var complained: String { errors.text }

    /// Waits until it has printed a line that begins so; nil if it ends, or takes too long.
    package func line(beginning prefix: String, limit: Double = 20) -> String? {
        let deadline = Date().addingTimeInterval(limit)
        while Date() < deadline {
            let lines = output.text.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
            if let line = lines.first(where: { $0.hasPrefix(prefix) }) { return String(line) }
            if !process.isRunning { break }
            usleep(5_000)
        }
        return output.text.split(separator: "\n").first { $0.hasPrefix(prefix) }.map(String.init)
    }

    package func signal(_ number: Int32) { kill(process.processIdentifier, number) }

    /// Waits for its end, `limit` seconds at most, and says whether it came.
    package func ends(within limit: Double) -> Bool {
        let deadline = Date().addingTimeInterval(limit)
        while process.isRunning, Date() < deadline { usleep(5_000) }
        return !process.isRunning
    }

    /// Waits for its end; kills it if that takes too long.
    package func waitForEnd(limit: Double = 20) -> Programs.Ended {
        if !ends(within: limit) { signal(SIGKILL) }
        process.waitUntilExit()
        let wasSignalled = process.terminationReason == .uncaughtSignal
        let status = wasSignalled ? -process.terminationStatus : process.terminationStatus
        return Programs.Ended(status: status, output: output.rest(), errors: errors.rest())
    }
}

/// What comes out of a pipe, gathered by a thread, so that the program never waits for its reader.
///
/// Safe because `data` is touched with the lock held only. A lock of Foundation's and not a `Mutex`: that one is handed
/// over by the kernel when two threads want it, which the thread sanitizer doesn't see.
private final class Collected: @unchecked Sendable {
    let pipe = Pipe()
    private let lock = NSLock()
    private var data = Data()
    private let finished = DispatchSemaphore(value: 0)

    func begin() {
        try? pipe.fileHandleForWriting.close()  // the program has its own; with ours open, the end would never come
        Thread.detachNewThread { [self] in
            while true {
                let chunk = pipe.fileHandleForReading.availableData
                if chunk.isEmpty { break }
                lock.withLock { data.append(chunk) }
            }
            finished.signal()
        }
    }

    var text: String { lock.withLock { String(decoding: data, as: UTF8.self) } }

    func rest() -> String {
        _ = finished.wait(timeout: .now() + 5)
        return text
    }
}
