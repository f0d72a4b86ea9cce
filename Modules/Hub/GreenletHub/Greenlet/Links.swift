// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Who wants to know that something has happened: callbacks in order, each in a greenlet of its own.

/// Names a link, to take it back.
///
/// Safe because whoever takes it back does so on the thread that made it, or traps, and nobody else looks at more than the
/// number.
public struct LinkID: Hashable, @unchecked Sendable {
    fileprivate let number: Int
    /// A link of something else than a greenlet.
    let link: RawLink?

    fileprivate init(_ number: Int) { (self.number, link) = (number, nil) }

    init(_ link: RawLink) {
        number = Int(bitPattern: Unmanaged.passUnretained(link).toOpaque())
        self.link = link
    }

    /// The same link.
    public static func == (left: LinkID, right: LinkID) -> Bool { left.number == right.number }

    /// Hashes what it names.
    ///
    /// - Parameter hasher: The hasher to feed.
    public func hash(into hasher: inout Hasher) { hasher.combine(number) }
}

/// Callbacks to be called once with the greenlet that has ended.
///
/// Those made by users run in greenlets; direct ones run at once and may only wake somebody. What is taken out is
/// returned, so that it ends outside of this call: what a callback captured may take links back when it ends.
struct Links {
    typealias Callback = (AnyGreenlet) throws -> Void

    enum Call {
        case user(Callback)
        /// A user's too, but it runs in the hub.
        case raw((AnyGreenlet) -> Void)
        case direct(() -> Void)

        var usersCallback: Callback? {
            switch self {
            case .user(let callback): callback
            case .raw(let callback): callback
            case .direct: nil
            }
        }
    }

    struct Link {
        let id: LinkID
        let call: Call
        /// Whether whoever made it looks at the error that the greenlet ends with.
        let observes: Bool
        /// What its greenlet inherits.
        let tree: SpawnTree
    }

    /// In the order they were made, and so of their numbers.
    private var list: [Link] = []
    /// Those whose turn has come but who have not begun: they can still be taken back.
    private var spawned: [LinkID: Callback] = [:]
    private var nextNumber = 0

    /// Whether somebody looks at the result.
    var isObserved: Bool { list.contains { $0.observes } }

    mutating func add(_ call: Call, observes: Bool, _ tree: SpawnTree) -> LinkID {
        nextNumber += 1
        let id = LinkID(nextNumber)
        list.append(Link(id: id, call: call, observes: observes, tree: tree))
        return id
    }

    mutating func remove(_ id: LinkID) -> (Link?, Callback?) {
        (index(of: id).map { list.remove(at: $0) }, spawned.removeValue(forKey: id))
    }

    private func index(of id: LinkID) -> Int? {
        var (low, high) = (0, list.count)
        while low < high {
            let middle = (low + high) / 2
            if list[middle].id.number < id.number { low = middle + 1 } else { high = middle }
        }
        return low < list.count && list[low].id == id ? low : nil
    }

    mutating func removeUsers() -> ([Link], [LinkID: Callback]) {
        let removed = (list, spawned)
        list = list.filter { $0.call.usersCallback == nil }
        spawned = [:]
        return removed
    }

    var hasUsers: Bool { !spawned.isEmpty || list.contains { $0.call.usersCallback != nil } }

    /// All of them, in order, to be notified when the access to this list is over.
    mutating func take() -> [Link] {
        defer { if !list.isEmpty { list = [] } }
        for link in list { if let callback = link.call.usersCallback { spawned[link.id] = callback } }
        return list
    }

    /// The callback of a link whose greenlet begins; nil if it was taken back meanwhile.
    mutating func takeCallback(_ id: LinkID) -> Callback? { spawned.removeValue(forKey: id) }
}
