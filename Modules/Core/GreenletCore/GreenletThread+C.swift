// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// How greenlets made by C (cgreenlet.h) and by Swift hand things to each other when one switches to the other.

import CGreenletCore
import Glibc

extension GreenletThread {
    /// Fills in the table through which C reaches this module.
    ///
    /// A value travels as a pointer, the only thing that both sides know. C has no errors: there one is told that a
    /// switch came back with one, and nothing more.
    func offerToC() {
        record.pointee.swift = cgreenlet_swift_side(
            send: { target, value in
                GreenletThread.current.deliver(.value(value), to: RawGreenlet.owner(of: target), from: nil)
            },
            receive: { value in
                guard case .value(let received) = GreenletThread.current.receive().parcel else { return false }
                value.pointee = received as? UnsafeMutableRawPointer
                return true
            },
            begin: { value in
                let thread = GreenletThread.current
                switch thread.receive().parcel {
                case .value(let first):
                    value.pointee = first as? UnsafeMutableRawPointer
                    return true
                case .error(let error):
                    // It dies without having run, so the parent is entered next: as in `enterable`.
                    thread.deliver((error as? GreenletExit).map { .value($0) } ?? .error(error), to: nil, from: nil)
                    return false
                }
            },
            end: { GreenletThread.current.finish($0) }
        )
    }

    /// Where control goes when a greenlet that has no handle ends.
    func parent(ofGuest context: Context) -> RawGreenlet {
        cgreenlet_heir(context).map { RawGreenlet.handle(on: $0, of: self) } ?? main
    }
}

extension RawGreenlet {
    /// Where control goes when this greenlet ends, if C made it: C knows, and may change it.
    var heirInC: RawGreenlet? {
        // A raw greenlet's context has a parent here. The thread first: the context is its own.
        guard isHome, let context, context.pointee.parent == nil else { return nil }
        return cgreenlet_heir(context).map { RawGreenlet.handle(on: $0, of: thread) }
    }

    /// Tells C where control goes when this greenlet ends, which it made.
    func setHeirInC(_ parent: RawGreenlet) throws {
        guard let context, let heir = parent.context else {
            throw GreenletError(
                .invalidArgument,
                "can't set the parent of \(self), which was made in C, to \(parent): it has no stack to go on with; "
                    + "start it first"
            )
        }
        let code = cgreenlet_set_heir(context, heir)
        if code == 0 { return }
        throw GreenletError(
            code == ELOOP ? .cyclicParent : .outOfStacks,
            "can't set the parent of \(self), which was made in C, to \(parent): \(describeErrno(code))",
            cause: code
        )
    }
}

/// Finds what the runtime keeps per thread, for a thread that uses greenlets from C first.
///
/// - Note: CGreenletCore declares it weak.
@c(cgreenlet_calibrate_runtime)
package func calibrateRuntime() { RuntimeWords.calibrated }
