// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// The list of all greenlets that are alive: what keeps them so, and what dumps and LoopExit read.

extension Hub {
    /// Keeps a greenlet alive until it is unregistered.
    func register(_ greenlet: AnyGreenlet) {
        let link = Unmanaged.passRetained(greenlet)
        greenlet.nextAlive = firstAlive
        if let firstAlive { firstAlive._withUnsafeGuaranteedRef { $0.previousAlive = link } }
        firstAlive = link
        aliveCount += 1
    }

    /// The greenlet has ended: nothing of the hub's holds it any longer.
    ///
    /// Unless somebody else holds it, it is gone afterwards.
    func unregister(_ greenlet: Unmanaged<AnyGreenlet>) {
        greenlet._withUnsafeGuaranteedRef { greenlet in
            let (previous, next) = (greenlet.previousAlive, greenlet.nextAlive)
            if let previous { previous._withUnsafeGuaranteedRef { $0.nextAlive = next } } else { firstAlive = next }
            if let next { next._withUnsafeGuaranteedRef { $0.previousAlive = previous } }
            greenlet.previousAlive = nil
            greenlet.nextAlive = nil
        }
        aliveCount -= 1
        greenlet.release()
    }

    /// All greenlets that were started and have not ended; newest first.
    ///
    /// Without the main greenlet.
    package var alive: [AnyGreenlet] {
        var all: [AnyGreenlet] = []
        var link = firstAlive
        while let current = link?.takeUnretainedValue() {
            all.append(current)
            link = current.nextAlive
        }
        return all
    }
}
