// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Looking names up without stopping the thread: getaddrinfo runs on libuv's own threads.

import CGreenletUV
import Glibc
import GreenletCore

/// What came of looking a name up.
package enum NameLookup {
    /// The addresses, each as the bytes of its `sockaddr`, in the resolver's order.
    case addresses([[UInt8]])
    /// There is no such name, or none of the family asked for.
    case unknownName(String)
    /// The resolver could not say: no name server answers, no memory, a name that can't be one.
    case failed(String)
    /// The deadline came first.
    case timedOut
}

extension Hub {
    /// Asks the system's resolver for the addresses of a host.
    ///
    /// Switch point.
    ///
    /// A greenlet that is killed, or whose deadline comes, leaves at once; the look-up itself can't be stopped once one
    /// of libuv's threads has begun it. It ends there by itself, and its answer is dropped.
    ///
    /// - Parameters:
    ///   - host: The name. Not an address in digits: that needs no resolver.
    ///   - family: `AF_INET`, `AF_INET6`, or `AF_UNSPEC` for both.
    ///   - deadline: When to give up.
    /// - Returns: What came of it.
    /// - Throws: Whatever the greenlet is killed with; `GreenletError` where nothing may block.
    package func lookUp(host: String, family: CInt, until deadline: Deadline?) throws -> NameLookup {
        let greenlet = try parkable()
        guard !host.utf8.contains(0) else { return .unknownName("a name can't contain a zero byte") }
        let request = LookupRequest(hub: self)
        if let refused = request.start(host, family) { return refused }
        request.greenlet = greenlet
        request.ticket = greenlet.beginWait()
        externalWaits += 1
        defer {
            externalWaits -= 1
            request.abandon()
        }
        let isInTime = try greenlet.park(for: WaitReason("look-up of a name"), until: deadline)
        return isInTime ? request.answer ?? .timedOut : .timedOut
    }
}

/// One getaddrinfo under way.
///
/// Keeps itself alive until libuv calls back, which it always does.
private final class LookupRequest {
    private let handle = UnsafeMutablePointer<uv_getaddrinfo_t>.allocate(capacity: 1)
    /// Safe because the callback runs in the hub's own loop; a loop that is torn down before that never calls.
    private unowned(unsafe) let hub: Hub
    /// Who waits; nil once it has left.
    var greenlet: AnyGreenlet?
    var ticket: UInt32 = 0
    private(set) var answer: NameLookup?

    init(hub: Hub) { self.hub = hub }

    deinit { handle.deallocate() }

    /// Hands the work to libuv's threads; returns the answer if it refuses to begin.
    func start(_ host: String, _ family: CInt) -> NameLookup? {
        var hints = addrinfo()
        hints.ai_family = family
        hints.ai_socktype = CInt(SOCK_STREAM.rawValue)
        handle.pointee.data = Unmanaged.passRetained(self).toOpaque()
        let status = uv_getaddrinfo(
            hub.loop.handle,
            handle,
            { handle, status, list in
                defer { uv_freeaddrinfo(list) }
                guard let data = handle?.pointee.data else { return }
                Unmanaged<LookupRequest>.fromOpaque(data).takeRetainedValue().finish(status, list)
            },
            host,
            nil,
            &hints
        )
        guard status == 0 else {
            Unmanaged.passUnretained(self).release()
            return NameLookup(status)
        }
        hub.loop.openHandles += 1
        return nil
    }

    private func finish(_ status: CInt, _ list: UnsafeMutablePointer<addrinfo>?) {
        hub.loop.openHandles -= 1
        guard let greenlet else { return }
        answer = status == 0 ? .addresses(copyAddresses(list)) : NameLookup(status)
        greenlet.wake(.ready, ticket: ticket)
    }

    /// Nobody waits any more: drops the answer, and the work too if no thread has begun it.
    func abandon() {
        greenlet = nil
        guard answer == nil else { return }
        uv_cancel(UnsafeMutableRawPointer(handle).assumingMemoryBound(to: uv_req_t.self))
    }
}

private func copyAddresses(_ list: UnsafeMutablePointer<addrinfo>?) -> [[UInt8]] {
    var addresses: [[UInt8]] = []
    var next = list
    while let entry = next {
        if let address = entry.pointee.ai_addr {
            let bytes = UnsafeRawBufferPointer(start: address, count: Int(entry.pointee.ai_addrlen))
            addresses.append(Array(bytes))
        }
        next = entry.pointee.ai_next
    }
    return addresses
}

extension NameLookup {
    /// What a status of uv_getaddrinfo means.
    fileprivate init(_ status: CInt) {
        let words = String(cString: uv_strerror(status))
        switch uv_errno_t(status) {
        case UV_EAI_NONAME, UV_EAI_NODATA, UV_EAI_ADDRFAMILY, UV_ENAMETOOLONG, UV_EINVAL: self = .unknownName(words)
        default: self = .failed(words)
        }
    }
}
