// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// How a child process ended.

/// How a child process ended.
///
/// gevent: what `os.waitstatus_to_exitcode` makes of a status. POSIX: `waitpid(2)`, `WIFEXITED` and its relatives.
public enum ChildStatus: Hashable, Sendable {
    /// It returned from `main`, or called `exit`.
    case exited(code: CInt)
    /// A signal ended it.
    case signalled(signal: CInt, dumpedCore: Bool)

    /// What the kernel reports for a child that has ended.
    init(_ status: CInt) {
        let signal = status & 0x7f
        if signal == 0 {
            self = .exited(code: status >> 8 & 0xff)
        } else {
            self = .signalled(signal: signal, dumpedCore: status & 0x80 != 0)
        }
    }

    /// Whether it exited with 0.
    public var isSuccess: Bool { self == .exited(code: 0) }
}

extension ChildStatus: CustomStringConvertible {
    /// `exited with 3`, `ended by signal 11, core dumped`.
    public var description: String {
        switch self {
        case .exited(let code): "exited with \(code)"
        case .signalled(let signal, let dumpedCore): "ended by signal \(signal)" + (dumpedCore ? ", core dumped" : "")
        }
    }
}
