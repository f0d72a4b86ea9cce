// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// What became of a greenlet's body.

import GreenletCore

/// How a greenlet ended.
public enum Outcome<Value> {
    /// Its body returned this.
    case value(Value)
    /// Its body threw this, or it was killed with it.
    case failure(any Error)
    /// It was asked to end, and did: this counts as success.
    case exited

    /// The value, or the error thrown.
    ///
    /// - Throws: The error; `GreenletError` with `.exited` if it exited. Never `GreenletExit`: that would end, without a
    ///   word, whoever asks.
    ///
    /// gevent: `Greenlet.get(block=False)`.
    public func get() throws -> Value {
        switch self {
        case .value(let value): return value
        case .failure(let error): throw error
        case .exited: throw GreenletError.noValue("the outcome's greenlet")
        }
    }
}

extension GreenletError {
    static func noValue(_ greenlet: String) -> GreenletError {
        GreenletError(
            .exited,
            "can't get a value from \(greenlet): it has exited, as it was killed or threw GreenletExit; "
                + "where that is to be expected use join(), and look at the outcome"
        )
    }
}
