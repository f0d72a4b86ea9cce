// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// A variable of which each greenlet has its own.

import Synchronization

/// A variable of which each greenlet has its own value.
///
/// A greenlet that looks for the first time gets what the closure makes. Its value is gone when the greenlet ends, also
/// if somebody still holds that; all values are gone when the local is.
///
/// ```swift
/// let scratch = GreenletLocal { [UInt8](repeating: 0, count: 4096) }
/// spawn { scratch.value[0] = 1 }
/// spawn { print(scratch.value[0]) }  // 0
/// ```
///
/// The main greenlet of a thread has a value too, and so have a raw greenlet and the hub while it runs callbacks. One
/// local may serve several threads. If the thread that drops it is not that of a value, the value stays until its
/// greenlet ends.
///
/// When not to use it: to hand something down to what is called and spawned, see ``SpawnTreeLocal``; in an async task, whose
/// greenlet is that of whatever thread it happens to be on: use `@TaskLocal`.
///
/// gevent: `gevent.local.local`. POSIX: `pthread_key_create(3)`.
public final class GreenletLocal<Value>: Sendable {
    /// Never used twice, as an address would be.
    private let number = localNumbers.add(1, ordering: .relaxed).newValue
    private let initial: @Sendable () -> Value

    /// Creates a local.
    ///
    /// Not a switch point.
    ///
    /// - Parameter initial: Makes the value of a greenlet that has none, when it is first looked at. It may look at other
    ///   locals.
    ///
    /// gevent: `local.__init__`, which runs again for each greenlet.
    public init(_ initial: @escaping @Sendable () -> Value) { self.initial = initial }

    deinit { Hub.ifPresent?.forget(local: number) }

    /// The value of the current greenlet.
    ///
    /// Not a switch point. It may be changed in place.
    public var value: Value {
        get { box.value }
        set {
            let extras = Hub.current.currentGreenlet.ensuredExtras
            guard let box = boxIfPresent(extras) else {
                keep(newValue, extras)
                return
            }
            // What was there ends after the access, for its `deinit` may be one as well.
            var other = newValue
            swap(&box.value, &other)
        }
        _modify {
            let box = box
            yield &box.value
        }
    }

    /// Forgets the value of the current greenlet; the next look makes a new one.
    ///
    /// Not a switch point. Does nothing if there is none.
    ///
    /// gevent: `del local.attribute`.
    public func reset() {
        let hub = Hub.current
        if let extras = hub.currentGreenlet.extras { hub.forget(number, of: extras) }
    }

    private var box: Box<Value> {
        let greenlet = Hub.current.currentGreenlet
        if let extras = greenlet.extras, let box = boxIfPresent(extras) { return box }
        let value = initial()
        return keep(value, greenlet.ensuredExtras)
    }

    private func boxIfPresent(_ extras: Extras) -> Box<Value>? {
        // Safe because this local alone puts boxes there under its number.
        extras.values[number].map { unsafeDowncast($0, to: Box<Value>.self) }
    }

    @discardableResult
    private func keep(_ value: Value, _ extras: Extras) -> Box<Value> {
        let box = Box(value)
        Hub.current.keep(box, number, in: extras)
        return box
    }
}

private let localNumbers = Atomic<Int>(0)

/// One greenlet's value of one local.
class LocalBox {
    /// Who has it, to be told if the local goes first.
    ///
    /// Safe because that takes itself out when it goes.
    @exclusivity(unchecked) unowned(unsafe) var holder: Extras?
}

private final class Box<Value>: LocalBox {
    var value: Value

    init(_ value: Value) { self.value = value }
}

/// The values of a hub's greenlets, by the numbers of their locals.
///
/// Nothing user-made ends while it is changed: whoever takes boxes out of it holds them.
typealias LocalBoxes = [Int: [ObjectIdentifier: LocalBox]]

extension Hub {
    fileprivate func keep(_ box: LocalBox, _ number: Int, in extras: Extras) {
        box.holder = extras
        localBoxes[number, default: [:]][ObjectIdentifier(box)] = box
        let former = extras.values.updateValue(box, forKey: number)
        if let former { forget(former, number) }  // made by `initial`, which looked at its own local
    }

    /// A greenlet has no more values.
    func forget(valuesOf extras: Extras) {
        let values = extras.values
        extras.values = [:]
        for (number, box) in values { forget(box, number) }
    }

    fileprivate func forget(_ number: Int, of extras: Extras) {
        if let box = extras.values.removeValue(forKey: number) { forget(box, number) }
    }

    private func forget(_ box: LocalBox, _ number: Int) {
        box.holder = nil
        localBoxes[number]?[ObjectIdentifier(box)] = nil
        if localBoxes[number]?.isEmpty == true { localBoxes[number] = nil }
    }

    /// A local is gone, and with it all its values on this thread.
    fileprivate func forget(local number: Int) {
        guard let boxes = localBoxes.removeValue(forKey: number) else { return }
        for box in boxes.values {
            _ = box.holder?.values.removeValue(forKey: number)
            box.holder = nil
        }
    }
}
