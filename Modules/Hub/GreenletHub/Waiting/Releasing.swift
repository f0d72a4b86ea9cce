// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// What a body has taken along, or given back too often: told, unless it has something to tell itself.

extension Result {
    /// Gives something back that was held for it, and gets it.
    ///
    /// Its own error says more than that there was nothing to give back.
    func get(after release: () throws -> Void) throws -> Success {
        do {
            try release()
        } catch {
            _ = try get()
            throw error
        }
        return try get()
    }
}
