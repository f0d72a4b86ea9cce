// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// No stack is left: which limit was hit, and how to raise it.

import CGreenletCore

extension GreenletError {
    /// The error of a `cgreenlet_acquire(size)` that has just failed with `code`.
    package static func outOfStacks(_ size: Int, _ code: CInt) -> GreenletError {
        let wanted = size == 0 ? "a stack" : "a stack of \(size) bytes"
        let hit = cgreenlet_find_limit(max(0, size))
        return GreenletError(
            .outOfStacks,
            "can't get \(wanted) for a greenlet: \(describeErrno(code)): \(reason(hit)); let greenlets end first, or "
                + remedy(hit.limit, isLarge: size > CGREENLET_DEFAULT_STACK_SIZE),
            cause: code
        )
    }

    private static func reason(_ hit: cgreenlet_limit_hit) -> String {
        switch hit.limit {
        case CGREENLET_LIMIT_ADDRESSES:
            "the address space of the process is limited (ulimit -v) to \(hit.allowed) bytes, and \(hit.used) are used"
        case CGREENLET_LIMIT_DATA:
            "the data of the process is limited (ulimit -d) to \(hit.allowed) bytes, and \(hit.used) are used"
        case CGREENLET_LIMIT_MAPPINGS:
            "a process may have \(hit.allowed) mappings (vm.max_map_count), and \(hit.used) are used"
        case CGREENLET_LIMIT_MACHINE:
            "no process has more than \(hit.allowed) bytes of addresses"
        default:
            "no limit of the process is hit, so memory is short, of the machine or of the container"
        }
    }

    // `isLarge`: a smaller stack would take less. All up to the default size take the same.
    private static func remedy(_ limit: cgreenlet_limit, isLarge: Bool) -> String {
        let smaller = isLarge ? ", or give them smaller stacks" : ""
        return switch limit {
        case CGREENLET_LIMIT_ADDRESSES: "raise ulimit -v\(smaller)"
        case CGREENLET_LIMIT_DATA: "raise ulimit -d\(smaller)"
        case CGREENLET_LIMIT_MAPPINGS:
            "raise vm.max_map_count by sysctl (on kernels before 6.13 a stack takes two mappings, on later ones none)"
        case CGREENLET_LIMIT_MACHINE: "ask for a smaller stackSize"
        default: "add memory, or allow the machine to overcommit (vm.overcommit_memory)"
        }
    }
}
