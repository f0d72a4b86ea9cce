// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Errors that nobody has seen: who is told, and where that is written.

import GreenletCore

extension Hub {
    /// Writes a line about an error that nobody has seen to `errorOutput`.
    ///
    /// Not a switch point. This is what `errorHandler` does at first; one that does more may call it.
    ///
    /// ```swift
    /// Hub.current.errorHandler = { greenlet, error in
    ///     failures += 1
    ///     Hub.current.printError(of: greenlet, error)
    /// }
    /// ```
    ///
    /// - Parameters:
    ///   - greenlet: Who failed.
    ///   - error: With what.
    ///
    /// gevent: `Hub.print_exception`.
    public func printError(of greenlet: AnyGreenlet, _ error: any Error) {
        printLine("greenlet: \(greenlet) failed: \(error)")
    }

    /// Tells the error handler of an error that nobody has seen.
    func report(_ greenlet: AnyGreenlet, _ error: any Error) {
        let runner = currentGreenlet
        let ticket = runner.waitState.ticket
        do {
            try runner.withTree(of: greenlet) { try errorHandler(greenlet, error) }
        } catch let another {
            printError(of: greenlet, error)
            printLine("greenlet: the error handler, called with this error, failed: \(another)")
        }
        if runner.waitState.ticket == ticket { return }
        printLine(
            "greenlet: the error handler waited for something, called with an error of \(greenlet): "
                + "spawn a greenlet there that waits"
        )
    }

    private func printLine(_ line: String) { if let errorOutput { writeLine(line, to: errorOutput) } }
}
