// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Callbacks in the hub from whatever becomes ready: for those who only set or wake something, and need no greenlet for it.

import Glibc
import GreenletCore

extension Waitable {
    /// Calls `callback` when this is ready, once, in the hub: without a greenlet, and so without any waiting.
    ///
    /// Not a switch point.
    ///
    /// If it is ready now, the call comes in the hub's next turn. An event that was set has been ready, even if it is
    /// cleared before the call. What others can take is looked at again in the moment of the call: where it has been taken,
    /// the link stays for the next permit or item. Only another thread can be quicker even then. What is called must not
    /// block: that throws `GreenletError.Code.blockingInHub`.
    ///
    /// ```swift
    /// try semaphore.rawLink { semaphore in
    ///     if semaphore.tryAcquire() { begin() }
    /// }
    /// ```
    ///
    /// A link doesn't keep the object alive, and ends with it; unless it is ready, or news from outside of the thread's
    /// greenlets will make it so: of a descriptor, a child, a file, another thread. The hub waits for those as if a greenlet
    /// did. Links that were made before a fork are not called in the child.
    ///
    /// Each permit, and each item, is news for all links that are there, though one of them takes it: for thousands at one
    /// place, let greenlets wait, which are woken one by one.
    ///
    /// - Parameter callback: What to call, with this.
    /// - Returns: A name for `unlink(_:)`.
    /// - Throws: `GreenletError` if it can't be waited for: with `.wrongThread` where greenlets of another thread wait for
    ///   it, with `.hubDestroyed` where this thread's hub has ended and can't be told, and as a wait for it, like
    ///   `.loopFailed` of a child that somebody else has waited for.
    ///
    /// gevent: `Event.rawlink`, and those of whatever else `gevent.wait` takes.
    @discardableResult
    public func rawLink(_ callback: @escaping (Self) -> Void) throws -> LinkID {
        if let greenlet = self as? AnyGreenlet {
            return greenlet.linkRaw { if let this = $0 as? Self { callback(this) } }
        }
        // Safe because it is called with the object that it is made with.
        let link = RawLink(to: self) { callback(unsafeDowncast($0, to: Self.self)) }
        try link.begin(with: self)
        return LinkID(link)
    }

    /// Takes a link back; does nothing if it was called or taken back before.
    ///
    /// Not a switch point.
    ///
    /// - Parameter id: What `rawLink(_:)` returned.
    /// - Precondition: This is the thread that made it, whatever it is a link of.
    ///
    /// gevent: `Event.unlink`.
    public func unlink(_ id: LinkID) {
        if let link = id.link { link.takeBack() } else { (self as? AnyGreenlet)?.removeLink(id) }
    }
}

/// A callback that waits for an object to become ready.
final class RawLink {
    /// Nil when it was called, or taken back.
    private var callback: ((AnyObject) -> Void)?
    /// Weak, as the object has the list, and that this.
    private weak var object: (any Waitable)?
    /// The same, while somebody else will see to the call.
    private var kept: (any Waitable)?
    /// Where it stands, if it does.
    private weak var list: WaitList?
    /// What `list` calls it.
    private var number = 0
    /// Whose external links it is among.
    private var hub: Hub?
    /// Whether that one counts it.
    fileprivate private(set) var isCounted = false
    private let thread = GreenletThread.current
    private let process = getpid()

    init(to object: any Waitable, _ callback: @escaping (AnyObject) -> Void) {
        self.object = object
        self.callback = callback
    }

    /// Stands where it is told that `object` is ready, or is told now.
    func begin(with object: any Waitable) throws {
        let hub = Hub.current  // first: in the child of a fork that may make it ready
        let readiness = object.readiness
        if readiness.isReady { return told() }
        let list = try readiness.list()
        try list.checkThread(of: .current)
        number = list.append(self)
        self.list = list
        if list.isExternal {
            kept = object
            isCounted = list.keepsHubAlive
            self.hub = hub
            hub.addExternal(self)
        }
    }

    /// The object is ready.
    fileprivate func told() {
        checkThread("wake", "what greenlets wait on belongs to one thread")
        list = nil
        // In the child of a fork: kept for ever, as what it holds would end with it.
        if getpid() != process {
            _ = Unmanaged.passRetained(self)
            return
        }
        kept = object
        hub.take()?.removeExternal(self)
        Hub.current.runNext(call)
    }

    private func checkThread(_ operation: StaticString, _ rule: StaticString) {
        let present = GreenletThread.current
        if present === thread { return }
        fatalError("\(operation) on a raw link, which belongs to \(thread.name), from \(present.name): \(rule)")
    }

    /// In the hub.
    private func call() {
        guard let callback, let object = kept.take() else { return }
        let readiness = object.readiness
        if readiness.canBeTaken, !readiness.isReady, (try? begin(with: object)) != nil { return }
        self.callback = nil
        callback(object)
    }

    func takeBack() {
        checkThread("unlink", "take it back on the thread that made it; HubHandle.submit goes there")
        // What they hold ends at the end, for it may take this back again.
        let former = (callback.take(), kept.take())
        defer { withExtendedLifetime(former) {} }
        guard let list else { return }
        self.list = nil
        hub.take()?.removeExternal(self)
        list.remove(number)
        list.tellIfAbandoned()
    }
}

extension Hub {
    /// Something outside of this thread's greenlets will tell a link.
    fileprivate func addExternal(_ link: RawLink) {
        externalLinks[ObjectIdentifier(link)] = link
        if link.isCounted { externalWaits += 1 }
    }

    fileprivate func removeExternal(_ link: RawLink) {
        if externalLinks.removeValue(forKey: ObjectIdentifier(link)) != nil, link.isCounted { externalWaits -= 1 }
    }

    /// The hub ends, and nothing outside will be heard of.
    func takeBackExternalLinks() { for link in externalLinks.values { link.takeBack() } }
}

/// Those that stand in one list, in order.
final class RawLinks {
    /// By ascending number; nil is a gap, of one that was taken back.
    ///
    /// To close each gap at once would take the longer, the more are behind it.
    private var places: [(number: Int, link: RawLink?)] = []
    private var gaps = 0
    private var nextNumber = 0

    fileprivate var isEmpty: Bool { gaps == places.count }

    fileprivate var all: [RawLink] { places.compactMap(\.link) }

    fileprivate func append(_ link: RawLink) -> Int {
        nextNumber += 1
        places.append((nextNumber, link))
        return nextNumber
    }

    /// Called by the link itself, which doesn't end here, therefore.
    fileprivate func remove(_ number: Int) {
        var (low, high) = (0, places.count)
        while low < high {
            let middle = (low + high) / 2
            if places[middle].number < number { low = middle + 1 } else { high = middle }
        }
        guard low < places.count, places[low].number == number, places[low].link.take() != nil else { return }
        gaps += 1
        guard 2 * gaps > places.count else { return }
        places.removeAll { $0.link == nil }
        gaps = 0
    }
}

extension WaitList {
    /// Returns the number to be removed by.
    fileprivate func append(_ link: RawLink) -> Int {
        let links = links ?? RawLinks()
        self.links = links
        return links.append(link)
    }

    fileprivate func remove(_ number: Int) {
        guard let links else { return }
        links.remove(number)
        if links.isEmpty { self.links = nil }
    }

    /// Tells all that stand here, in order.
    @inline(never)
    func tellLinks() {
        let due = links?.all ?? []
        links = nil
        for link in due { link.told() }
        tellIfAbandoned()
    }
}
