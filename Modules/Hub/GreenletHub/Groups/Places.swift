// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// The places of a pool: taken by whoever spawns, or by greenlets that stand in line for one before they start.

extension AnyGroup {
    /// Takes a place for a member to come.
    ///
    /// Switch point, if none is free.
    @usableFromInline
    final func takePlace() throws { try places?.acquire() }

    @usableFromInline
    final func tryTakePlace() -> Bool { places?.tryAcquire() ?? true }

    /// Starts a fresh greenlet in the place that was taken for it.
    @usableFromInline
    final func startInPlace(_ greenlet: AnyGreenlet) {
        _ = admit(greenlet)
        greenlet.schedule()
    }

    /// Starts a fresh greenlet as soon as there is a place.
    @usableFromInline
    final func startInTurn(_ greenlet: AnyGreenlet) {
        guard let places, !places.tryAcquire() else { return startInPlace(greenlet) }
        let standIn = StandInLine(for: greenlet, of: self)
        do { try standIn.stand(in: places.waiters) } catch { fatalError("\(error)") }
        greenlet.onFinish { standIn.leave() }  // holds it, too
        // At the end, as it tells the spawn callbacks: they may kill this one, or a member, which frees a place.
        greenlet.expectStart(WaitReason("a place", self))
    }

    /// Waits for a place for a fresh greenlet, and starts it there.
    ///
    /// Switch point, if none is free. Whoever is killed meanwhile leaves the greenlet in line: nothing else knows of it.
    final func startInPlaceOrTurn(_ greenlet: AnyGreenlet) throws {
        do { try takePlace() } catch {
            startInTurn(greenlet)
            throw error
        }
        startInPlace(greenlet)
    }

    /// A place was given to a greenlet that stood in line.
    fileprivate final func start(_ greenlet: AnyGreenlet) {
        if greenlet.isReady {
            // In the child of a fork, where it has stayed in the parent; so have all behind it, which leave before the next turn.
            greenlet.hub.runSoon { [self] in places?.release() }
            return
        }
        greenlet.startNow()
        _ = admit(greenlet)
    }

    /// Whether a place was given to somebody who has not run since, and so has made nobody a member yet.
    final var isPlaceOnItsWay: Bool {
        guard let size, let places else { return false }
        return size > places.value + count
    }

    /// Who will be started when there is a place, in order.
    final var standingInLine: [AnyGreenlet] {
        places?.waiters.all.compactMap { ($0 as? StandInLine)?.greenlet } ?? []
    }
}

/// Stands among those who wait for a place, for a greenlet that has not started.
private final class StandInLine: StandIn {
    /// Safe because its link holds this.
    unowned let greenlet: AnyGreenlet
    /// Kept alive until it has its place: nobody else may hold it.
    private var group: AnyGroup?

    init(for greenlet: AnyGreenlet, of group: AnyGroup) {
        self.greenlet = greenlet
        self.group = group
        super.init(on: greenlet.hub)
    }

    override func wokenAtSeveralPlaces() -> Bool {
        leave()
        greenlet.reason = nil
        group.take()?.start(greenlet)
        return true
    }
}
