// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// One turn at a time: the kernel's readiness queue, with libuv's loop as one member of it.

import CGreenletPort
import CGreenletUV
import GreenletCore

/// Waits for descriptors by a readiness queue of its own, and for all else by libuv.
///
/// Sockets go the short way: registered once, edge-triggered, from the kernel's event to the waiting greenlet.
/// Signals, look-ups, threads and files are libuv's; its loop is embedded by its backend descriptor. Callbacks never
/// switch: they wake greenlets, which puts these into the run queue.
package final class Loop {
    /// How many events one look takes in; the rest waits for the next.
    ///
    /// Not more: what the kernel and this loop have touched for an event should still be in a cache when its greenlet runs.
    private static let batch = 64
    /// The serial number that stands for libuv's loop.
    ///
    /// Pollers begin after it.
    static let nested: UInt32 = 0
    /// The serial number of the bell: the last, and so, one further, before that of libuv's loop.
    static let bell = UInt32.max

    var port: CInt
    private let events = UnsafeMutablePointer<cgreenlet_port_event>.allocate(capacity: batch)
    let pollers = PollerTable()

    let uvLoop = UnsafeMutablePointer<uv_loop_t>.allocate(capacity: 1)
    /// Keeps libuv's loop alive while there is nothing else in it.
    let anchor = UnsafeMutablePointer<uv_async_t>.allocate(capacity: 1)
    /// What other threads have left to this one.
    let errands: Errands
    /// Whether libuv was told something that it has not passed on to the kernel yet.
    var uvNeedsTurn = true
    /// In the child of a fork: the queue is the parent's, and must be left alone.
    var isInherited = false
    /// Who is told when it sleeps; nil if nobody watches.
    @exclusivity(unchecked) var pulse: Pulse?
    /// How often it was started over in the child of a fork.
    var forkCount = 0
    /// Whether what libuv shared with the parent has been made anew, ahead of the rest.
    var hasForkedNested = false
    /// Handles that libuv has not let go of yet.
    package internal(set) var openHandles = 0

    package init(of threadName: String) {
        port = -1
        errands = Errands(of: threadName)
        mustSucceed("uv_loop_init", uv_loop_init(uvLoop))
        mustSucceed("uv_async_init", uv_async_init(uvLoop, anchor, nil))
        openPort()
        OpenLoops.insert(self)
    }

    /// libuv's loop, for somebody who is going to change something about it.
    var handle: UnsafeMutablePointer<uv_loop_t> {
        uvNeedsTurn = true
        return uvLoop
    }

    /// One turn: looks for events and lets those that came mark greenlets as runnable.
    ///
    /// - Parameters:
    ///   - deadline: When to come back at the latest.
    ///   - waiting: Whether to sleep until something happens; otherwise just looks.
    /// - Returns: How many greenlets were woken because of descriptors.
    @discardableResult
    package func poll(until deadline: Deadline?, waiting: Bool) -> Int {
        var limit = waiting ? deadline.map { $0.nanosecondsLeft } ?? -1 : 0
        if uvNeedsTurn || uv_backend_timeout(uvLoop) == 0 {
            turnNested()
            limit = 0  // its callbacks may have made somebody runnable
        }
        let isSleeping = limit != 0 && errands.isMarked
        if isSleeping, !errands.fallAsleep() { limit = 0 }
        let isWatched = limit != 0 && pulse != nil
        if isWatched { tellThatItSleeps() }
        let count = cgreenlet_port_wait(port, events, CInt(Loop.batch), limit)
        if isWatched { tellThatItWakes() }
        if isSleeping, limit != 0 { errands.wakeUp() }
        precondition(count >= 0, "can't wait for events: \(describeError(count))")
        var woken = 0
        for index in 0..<Int(count) {
            pollers.fetchAhead(events, index, of: Int(count))
            let event = events[index]
            if event.serial &+ 1 > 1 {
                woken += pollers.happened(event)
            } else {
                happened(event.serial)
            }
        }
        if errands.isLeft { errands.run() }
        return woken
    }

    // Apart: inlined they would count references also where nobody watches.
    @inline(never)
    private func tellThatItSleeps() { pulse?.fallAsleep() }

    @inline(never)
    private func tellThatItWakes() { pulse?.wakeUp() }

    /// What other threads leave to this one, for somebody who will pass it on to them.
    func reachableErrands() -> Errands {
        errands.mark()
        return errands
    }

    /// Something in the loop itself.
    @inline(never)
    private func happened(_ serial: UInt32) {
        if serial == Loop.nested { turnNested() } else { errands.mark() }
    }

    private func turnNested() {
        uvNeedsTurn = false
        uv_run(uvLoop, UV_RUN_NOWAIT)
    }

    /// Begins to watch a descriptor for a poller.
    ///
    /// - Returns: Whether it was watched already; its present state is reported again then.
    @discardableResult
    func watch(_ descriptor: CInt, serial: UInt32) throws(GreenletError) -> Bool {
        let status = cgreenlet_port_watch(port, descriptor, serial)
        if status < 0 { throw GreenletError.watching(descriptor, -status) }
        return status > 0
    }

    /// No longer watches a descriptor.
    func forget(_ descriptor: CInt) { if !isInherited { cgreenlet_port_forget(port, descriptor) } }

    /// Closes everything.
    ///
    /// Nobody may wait for anything any more.
    package func close() {
        OpenLoops.remove(self)
        if errands.shut() { errands.finish() }
        pollers.closeAll()
        uv_close(UnsafeMutableRawPointer(anchor).assumingMemoryBound(to: uv_handle_t.self), nil)
        var status = UV_EBUSY.rawValue
        for _ in 0..<1_000 where status == UV_EBUSY.rawValue {
            uv_run(uvLoop, UV_RUN_NOWAIT)
            status = uv_loop_close(uvLoop)
        }
        errands.closeBell()
        closePort(port)
        events.deallocate()
        guard status == 0 else { return }  // a look-up still runs on libuv's threads: its loop must stay
        anchor.deallocate()
        uvLoop.deallocate()
    }
}
