/// A service as the others may see it: nil for each protocol to which it does not conform.
///
/// The compiler fills this in where a type conforms. To ask at run time, by `as?`, looks through all conformances of the
/// program for each that is missing, which was three milliseconds of the emulator's start.
package protocol Peer: Sendable {
    var asEventTarget: (any EventTarget)? { get }
    var asStreamSource: (any StreamSource)? { get }
    var asActionPerforming: (any ActionPerforming)? { get }
    var asFunctionInvoking: (any FunctionInvoking)? { get }
    var asTaskRunning: (any TaskRunning)? { get }
    var asObjectStore: (any ObjectStore)? { get }
    var asLogWriting: (any LogWriting)? { get }
    var asTableCatalog: (any TableCatalog)? { get }
    var asResourceProviding: (any ResourceProviding)? { get }
    var asRolePolicyKeeping: (any RolePolicyKeeping)? { get }
    var asResourcePolicyKeeping: (any ResourcePolicyKeeping)? { get }
}

extension Peer {
    package var asEventTarget: (any EventTarget)? { nil }
    package var asStreamSource: (any StreamSource)? { nil }
    package var asActionPerforming: (any ActionPerforming)? { nil }
    package var asFunctionInvoking: (any FunctionInvoking)? { nil }
    package var asTaskRunning: (any TaskRunning)? { nil }
    package var asObjectStore: (any ObjectStore)? { nil }
    package var asLogWriting: (any LogWriting)? { nil }
    package var asTableCatalog: (any TableCatalog)? { nil }
    package var asResourceProviding: (any ResourceProviding)? { nil }
    package var asRolePolicyKeeping: (any RolePolicyKeeping)? { nil }
    package var asResourcePolicyKeeping: (any ResourcePolicyKeeping)? { nil }
}

extension Peer where Self: EventTarget {
    package var asEventTarget: (any EventTarget)? { self }
}

extension Peer where Self: StreamSource {
    package var asStreamSource: (any StreamSource)? { self }
}

extension Peer where Self: ActionPerforming {
    package var asActionPerforming: (any ActionPerforming)? { self }
}

extension Peer where Self: FunctionInvoking {
    package var asFunctionInvoking: (any FunctionInvoking)? { self }
}

extension Peer where Self: TaskRunning {
    package var asTaskRunning: (any TaskRunning)? { self }
}

extension Peer where Self: ObjectStore {
    package var asObjectStore: (any ObjectStore)? { self }
}

extension Peer where Self: LogWriting {
    package var asLogWriting: (any LogWriting)? { self }
}

extension Peer where Self: TableCatalog {
    package var asTableCatalog: (any TableCatalog)? { self }
}

extension Peer where Self: ResourceProviding {
    package var asResourceProviding: (any ResourceProviding)? { self }
}

extension Peer where Self: RolePolicyKeeping {
    package var asRolePolicyKeeping: (any RolePolicyKeeping)? { self }
}

extension Peer where Self: ResourcePolicyKeeping {
    package var asResourcePolicyKeeping: (any ResourcePolicyKeeping)? { self }
}
