// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// The greenlet that accepts: in batches, not while the server is full, and slowly when the system has nothing left.

import GreenletCore
import GreenletHub

extension StreamServer {
    /// Accepts until the server is closed.
    func acceptUntilClosed(_ listener: Socket) throws {
        var backOff = AcceptBackOff()
        var inARow = 0
        while stage == .serving {
            if isFull {
                _ = try changed.wait(for: WaitReason("a connection's end", self))
                continue
            }
            do {
                guard try acceptOne(listener) else {
                    if backOff.emptied() { log("\(self) accepts again") }
                    inARow = 0
                    _ = try listener.wait(.read, .accept, until: nil)
                    continue
                }
                backOff.succeeded()
                inARow += 1
                if inARow >= acceptsPerEvent {
                    inARow = 0
                    try yieldNow()
                }
            } catch let error as SocketError {
                if stage != .serving { return }
                try endure(error, &backOff)
            } catch let error as GreenletError where error.code == .loopFailed {
                fatalError = error  // the listener can't be watched: better an end that is seen than a silence
                close()
                return
            }
        }
    }

    /// False if nobody is waiting to be accepted.
    private func acceptOne(_ listener: Socket) throws -> Bool {
        guard let (socket, peer) = try listener.acceptNow() else { return false }
        Connection(self, socket, peer).start()
        return true
    }

    /// Waits until it makes sense to try again, or ends the server.
    private func endure(_ error: SocketError, _ backOff: inout AcceptBackOff) throws {
        guard Errno(error.errno).isExhaustion else {
            fatalError = error
            close()
            return
        }
        let (delay, isFirst) = backOff.failed()
        if isFirst { log("\(self): \(error); serving the \(connectionCount) connections it has, and trying again") }
        // Each connection that ends gives a descriptor back: no need to wait longer then.
        _ = try changed.wait(for: WaitReason("descriptors or memory", self), until: Deadline(after: delay))
    }
}
