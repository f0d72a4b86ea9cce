// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Who wants to know that something has happened: callbacks in order, each in a greenlet of its own.

/// Names a link, to take it back.
public struct LinkID: Hashable, Sendable {
    fileprivate let number: Int
}

/// Callbacks to be called once with a target.
///
/// Those made by users run in greenlets; direct ones run at once and may only wake somebody.
struct Links<Target> {
    enum Link {
        case user(LinkID, (Target) throws -> Void)
        case direct(() -> Void)

        func notify(_ target: Target) {
            switch self {
            case .direct(let callback): callback()
            case .user(_, let callback): spawn(name: "link") { try callback(target) }
            }
        }
    }

    private var list: [Link] = []
    private var nextNumber = 0

    /// Whether nobody looks at the result.
    ///
    /// Direct links only count the end.
    var isEmpty: Bool {
        list.allSatisfy { link in
            if case .direct = link { return true }
            return false
        }
    }

    mutating func add(_ callback: @escaping (Target) throws -> Void) -> LinkID {
        nextNumber += 1
        let id = LinkID(number: nextNumber)
        list.append(.user(id, callback))
        return id
    }

    mutating func addDirect(_ callback: @escaping () -> Void) { list.append(.direct(callback)) }

    mutating func remove(_ id: LinkID) {
        list.removeAll { link in
            if case .user(id, _) = link { return true }
            return false
        }
    }

    /// All of them, in order, to be notified when the access to this list is over.
    ///
    /// None is left.
    mutating func take() -> [Link] {
        defer { if !list.isEmpty { list = [] } }
        return list
    }
}
