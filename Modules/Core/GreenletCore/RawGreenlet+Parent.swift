// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Where control goes when a greenlet ends, and who keeps that one alive.

import CGreenletCore

extension RawGreenlet {
    /// Where control goes when the body ends.
    ///
    /// Nil for the main greenlet of a thread, and for those that had it as their parent when that thread has ended. Ask on
    /// its own thread.
    ///
    /// greenlet: `greenlet.parent`.
    public var parent: RawGreenlet? {
        guard let parent = context?.pointee.parent else {
            if let heir = heirInC { return heir }
            // On another thread, which is asked against the rules, the main greenlet may just be going.
            return ancestor?.takeUnretainedValue() ?? (kind == .own && isHome ? thread.main : nil)
        }
        return Unmanaged<RawGreenlet>.fromOpaque(parent).takeUnretainedValue()
    }

    /// Changes where control goes when the body ends.
    ///
    /// Not a switch point. In every state: also of one that runs, or has ended; and also of one made in C (cgreenlet.h),
    /// which needs a parent that has started and not ended. If that ends first, control goes to the main greenlet.
    ///
    /// - Parameter parent: A greenlet of the same thread.
    /// - Throws: `GreenletError` with `.mainGreenlet`, `.wrongThread` (also if called on another thread), `.cyclicParent` or
    ///   `.invalidArgument` (no parent for one made in C); nothing has changed then.
    ///
    /// greenlet: `greenlet.parent = g`.
    public func setParent(_ parent: RawGreenlet) throws {
        if kind == .main {
            throw GreenletError(.mainGreenlet, "can't set the parent of \(self): a main greenlet has none")
        }
        try checkThread("set the parent of")
        if parent.thread !== thread {
            throw GreenletError(
                .wrongThread,
                "can't set the parent of \(self) to \(parent): they belong to \(thread.name) and "
                    + "\(parent.thread.whereabouts); a greenlet and its parent share a thread"
            )
        }
        var next: RawGreenlet? = parent
        while let candidate = next {
            if candidate === self {
                throw GreenletError(
                    .cyclicParent,
                    "can't set the parent of \(self) to \(parent), which is itself or its descendant: "
                        + "control would never come back to the main greenlet"
                )
            }
            next = candidate.parent
        }
        if let context, context.pointee.parent != nil {
            withExtendedLifetime(thread.takeParent(of: context)) {
                context.pointee.parent = thread.keep(parent.unlessMain.map { .passRetained($0) })
                context.pointee.parent_waits = false
            }
        } else {
            if heirInC != nil { try setHeirInC(parent) }
            keep(kind == .own ? parent.unlessMain : parent)
        }
    }

    /// Itself, as a parent that is to be kept alive: a main greenlet lives as long as its thread does.
    var unlessMain: RawGreenlet? { kind == .main ? nil : self }
}

extension GreenletThread {
    /// The parent that a new handle has to keep: the current greenlet if `parent` is nil.
    func parentToKeep(_ parent: RawGreenlet?) -> RawGreenlet? {
        guard let parent else { return isOnMain ? nil : currentGreenlet.unlessMain }
        precondition(
            parent.home.toOpaque() == Unmanaged.passUnretained(self).toOpaque(),
            "the parent of a new greenlet belongs to \(parent.thread.name), and this is \(name)"
        )
        return parent.unlessMain
    }

    /// What a context keeps of a retained parent; nil means the main greenlet, which is not retained.
    func keep(_ parent: Unmanaged<RawGreenlet>?) -> UnsafeMutableRawPointer? {
        parent?.toOpaque() ?? record.pointee.main.owner
    }

    /// The parent that a context kept, which it does no longer; nil if that was the main greenlet.
    func takeParent(of context: Context) -> RawGreenlet? {
        guard let parent = context.pointee.parent else { return nil }
        context.pointee.parent = nil
        return parent == record.pointee.main.owner ? nil : Unmanaged<RawGreenlet>.fromOpaque(parent).takeRetainedValue()
    }
}
