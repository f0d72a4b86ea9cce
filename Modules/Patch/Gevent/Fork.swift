// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// fork, under gevent's name.

import GreenletHub

/// Forks the process.
///
/// In the child only the greenlet that calls this goes on: see `Hub.fork()`.
///
/// Not a switch point. Written `Gevent.fork()` where Glibc is imported, whose own Swift declares unavailable.
///
/// - Returns: 0 in the child, its process id in the parent.
/// - Throws: `GreenletError` if the system refuses.
///
/// gevent: `gevent.fork`, `gevent.os.fork`.
public func fork() throws -> CInt { try Hub.fork() }

/// Forks the process, and watches the child from its first moment on: see `Hub.forkAndWatch()`.
///
/// Not a switch point.
///
/// - Returns: nil in the child, its watcher in the parent.
/// - Throws: `GreenletError` if the system refuses.
///
/// gevent: `gevent.os.fork_and_watch`, and `gevent.os.fork`, which is the same there.
public func forkAndWatch() throws -> ChildWatcher? { try Hub.forkAndWatch() }
