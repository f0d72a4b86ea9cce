// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// The code of Watchers.md, which does what the article says.

import Glibc
import GreenletCore
import GreenletHub
import GreenletTestSupport
import Testing

@Suite struct WatchersArticleTests {
    private struct TooSlow: Error {}

    /// A library that can work without blocking.
    private final class Connection {
        let descriptor: CInt
        private(set) var answer = ""
        var isComplete: Bool { answer.hasSuffix("\n") }

        init(_ descriptor: CInt) { self.descriptor = descriptor }

        func readWhatIsThere() {
            var bytes = [UInt8](repeating: 0, count: 3)
            let count = read(descriptor, &bytes, bytes.count)
            answer += String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
        }
    }

    @Test func aLibraryThatTellsItsDescriptor() async {
        await onHub {
            func answer(of connection: Connection) throws -> String {
                while !connection.isComplete {
                    guard try waitReadable(connection.descriptor, timeout: .seconds(5)) else { throw TooSlow() }
                    connection.readWhatIsThere()
                }
                return connection.answer
            }

            var ends: [CInt] = [0, 0]
            try #require(pipe(&ends) == 0)
            defer { for end in ends { close(end) } }
            let asking = spawn { try answer(of: Connection(ends[0])) }
            for part in ["he", "llo", " you\n"] {
                write(ends[1], part, part.utf8.count)
                try sleep(.milliseconds(1))
            }
            let got = try asking.get()
            #expect(got == "hello you\n")
        }
    }

    @Test func aChildThatIsTooSlow() async {
        await onHub {
            var printed: [String] = []
            func print(_ text: Any) { printed.append("\(text)") }
            let pid = try startShell("sleep 20")

            let child = try ChildWatcher(pid)
            if try child.wait(timeout: .milliseconds(5)) == nil { kill(pid, SIGTERM) }
            print(try child.wait()!)

            #expect(printed == ["ended by signal 15"])
        }
    }

    @Test func callbacksOfTheLoop() async {
        await onHub {
            var beats = 0
            let event = Event()

            let beat = TimerWatcher(after: .zero, repeating: .milliseconds(2), keepsHubAlive: false) { beats += 1 }
            Hub.current.runCallback { event.set() }

            try event.wait()
            let sleeper = spawn { try sleep(.milliseconds(20)) }
            try Hub.current.join()
            #expect(beats > 0 && sleeper.isReady && beat.isPending)
            beat.cancel()
        }
    }

    @Test func filesThatChange() async {
        await onHub {
            var template = Array("/tmp/greenlet-article-XXXXXX".utf8CString)
            try #require(mkdtemp(&template) != nil)
            let path = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
            let file = "\(path)/settings.json"
            defer { rmdir(path) }
            var (reloads, printed) = (0, [String]())
            func print(_ text: String) { printed.append(text) }
            func create() { close(open(file, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)) }

            let folder = try FileWatcher(path)
            let reloading = spawn {
                for change in folder where change.name == "settings.json" { reloads += 1 }
            }
            let lock = try FileStatusWatcher(file, interval: .milliseconds(2))
            let looking = spawn {
                while let change = try lock.next() {
                    print(change.current == nil ? "released" : "taken")
                }
            }
            create()
            for _ in 0..<2_000 where printed.count < 1 { try sleep(.milliseconds(5)) }
            unlink(file)
            for _ in 0..<2_000 where printed.count < 2 { try sleep(.milliseconds(5)) }
            #expect(printed == ["taken", "released"] && reloads >= 2)
            folder.cancel()
            try reloading.join()
            try looking.kill()
        }
    }
}
