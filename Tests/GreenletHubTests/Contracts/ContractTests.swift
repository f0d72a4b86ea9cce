// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// What every blocking call promises, checked for all of them.

import GreenletCore
import GreenletHub
import GreenletTestSupport
import Testing

@Suite struct ContractTests {
    private static let limited = HubCalls.all.filter(\.isLimited)
    /// Those that are served in this thread: what comes from outside comes in a later turn than a kill or a timeout.
    private static let servable = HubCalls.all.filter { $0.kind != .nobody && $0.kind != .alone }

    @Test func everyBlockingCallIsInTheTable() throws {
        let declared = try declaredSwitchPoints(ofModule: "Hub/GreenletHub")
        let known = HubCalls.others.union(HubCalls.all.map(\.declaration))
        #expect(declared.subtracting(known) == [], "without a row")
        #expect(known.subtracting(declared) == [], "not documented as switch points")
    }

    @Test(arguments: limited)
    func itsOwnTimeoutEndsIt(call: BlockingCall) async { await onHub { try call.checkOwnTimeout() } }

    @Test(arguments: HubCalls.all)
    func anOuterShorterTimeoutIsThrown(call: BlockingCall) async { await onHub { try call.checkShorterOuterTimeout() } }

    @Test(arguments: limited)
    func anOuterLongerTimeoutIsNotLost(call: BlockingCall) async { await onHub { try call.checkLongerOuterTimeout() } }

    @Test(arguments: HubCalls.all)
    func afterADeadlineItGivesUpEachTime(call: BlockingCall) async { await onHub { try call.checkDeadline() } }

    @Test(arguments: limited)
    func inAShieldItsOwnTimeoutIsAllThatEndsIt(call: BlockingCall) async { await onHub { try call.checkShield() } }

    @Test(arguments: HubCalls.all)
    func aKillEndsItAndHarmsNobodyElse(call: BlockingCall) async { await onHub { try call.checkKill() } }

    /// Those that a `LoopExit` can end.
    private static let deadlocking = HubCalls.all.filter { call in
        [.first, .all, .together].contains(call.kind) && !call.isForOutside
    }

    @Test(arguments: deadlocking)
    func aLoopExitSaysWhatItWaitsFor(call: BlockingCall) async { await onHub { try call.checkWords() } }

    @Test(arguments: servable)
    func servedAndDisturbedInOneTurnNothingIsLost(call: BlockingCall) async {
        await onHub { try call.checkSameTurn() }
    }
}
