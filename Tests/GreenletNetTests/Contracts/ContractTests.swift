// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// What every blocking call promises, checked for those of sockets: the same contracts as in GreenletHub.

import GreenletHub
import GreenletNet
import GreenletTestSupport
import Testing

@Suite struct ContractTests {
    private static let limited = NetCalls.all.filter(\.isLimited)

    @Test func everyBlockingCallIsInTheTable() throws {
        let declared = try declaredSwitchPoints(ofModule: "Net/GreenletNet")
        let known = NetCalls.others.union(NetCalls.all.map(\.declaration))
        #expect(declared.subtracting(known) == [], "without a row")
        #expect(known.subtracting(declared) == [], "not documented as switch points")
    }

    @Test(arguments: limited)
    func itsOwnTimeoutEndsIt(call: BlockingCall) async { await onHub { try call.checkOwnTimeout() } }

    @Test(arguments: NetCalls.all)
    func anOuterShorterTimeoutIsThrown(call: BlockingCall) async { await onHub { try call.checkShorterOuterTimeout() } }

    @Test(arguments: limited)
    func anOuterLongerTimeoutIsNotLost(call: BlockingCall) async { await onHub { try call.checkLongerOuterTimeout() } }

    @Test(arguments: NetCalls.all)
    func afterADeadlineItGivesUpEachTime(call: BlockingCall) async { await onHub { try call.checkDeadline() } }

    @Test(arguments: limited)
    func inAShieldItsOwnTimeoutIsAllThatEndsIt(call: BlockingCall) async { await onHub { try call.checkShield() } }

    @Test(arguments: NetCalls.all)
    func aKillEndsItAndTheSocketIsNoneTheWorse(call: BlockingCall) async { await onHub { try call.checkKill() } }
}
