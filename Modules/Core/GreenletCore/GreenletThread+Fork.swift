// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// What a fork leaves of a thread: in the child it is the only one.

package import CGreenletCore

extension GreenletThread {
    /// The process is the child of a fork, which this thread called.
    package func startOverInChild() { news.renewLock() }

    /// A greenlet of the parent process: in the child nobody enters it again, and nothing of it is unwound.
    package func leaveBehind(_ context: Context) { abandon(context) }
}
