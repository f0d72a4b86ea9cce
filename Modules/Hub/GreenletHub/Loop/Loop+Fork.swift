// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// The loop in the child of a fork: what it shares with the parent process is replaced, never used.

import CGreenletPort
import CGreenletUV
import GreenletCore

extension Loop {
    /// Forks the process: 0 in the child, else its process id or a negated error number.
    static func fork() -> CInt { cgreenlet_port_fork() }

    /// The process is the child of a fork.
    ///
    /// Runs inside of `fork` itself: marks only. But where libuv watches anything, its signal pipe must be replaced
    /// here and now: what arrives for the child would be told to the parent.
    func becomeInherited() {
        isInherited = true
        hasForkedNested = false
        errands.becomeInherited()
        if openHandles > 0 { forkNested() }
    }

    /// Opens queues of the child's own, and registers there what was watched.
    ///
    /// - Parameter staying: Those who may still wait for a descriptor; all others are the parent's.
    /// - Returns: For how many directions they do.
    func startOverInChild(keeping staying: Set<AnyGreenlet>) -> Int {
        if !hasForkedNested { forkNested() }
        errands.closeBell()
        closePort(port)
        openPort()
        isInherited = false
        forkCount += 1
        uvNeedsTurn = true
        return pollers.startOverInChild(keeping: staying) { [port] in cgreenlet_port_watch(port, $0, $1) == 0 }
    }

    private func forkNested() {
        hasForkedNested = true
        // One of libuv's threads may have had it, and none of them is here.
        uv_mutex_init(&uvLoop.pointee.wq_mutex)
        mustSucceed("uv_loop_fork", uv_loop_fork(uvLoop))
    }

    /// Opens the readiness queue, with libuv's loop and the bell in it.
    func openPort() {
        port = cgreenlet_port_open()
        precondition(port >= 0, "can't open a readiness queue: \(describeError(port)); raise ulimit -n")
        let status = cgreenlet_port_nest(port, uv_backend_fd(uvLoop), Loop.nested)
        precondition(status == 0, "can't watch libuv's loop: \(describeError(status))")
        let opened = errands.openBell(at: port)
        precondition(opened == 0, "can't open a descriptor to be woken by: \(describeError(opened)); raise ulimit -n")
    }
}

extension PollerTable {
    /// All waits but those of `staying` are over, and each descriptor is registered anew.
    ///
    /// - Parameters:
    ///   - staying: Those who may still wait.
    ///   - watch: Registers a descriptor under a serial number; false if it is closed.
    /// - Returns: For how many directions `staying` wait.
    fileprivate func startOverInChild(keeping staying: Set<AnyGreenlet>, _ watch: (CInt, UInt32) -> Bool) -> Int {
        var waits = keepOthers(of: staying)
        forEachWatched { record in
            for direction in [Poller.Direction.read, .write] {
                let place = record.place(direction)
                if let waiting = place.pointee?.takeUnretainedValue(), staying.contains(waiting) {
                    waits += 1
                } else {
                    place.pointee = nil
                }
            }
            if !watch(record.pointee.descriptor, record.pointee.serial) { remove(record.pointee.descriptor) }
        }
        return waits
    }
}
