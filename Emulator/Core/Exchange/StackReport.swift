/// The outcome of a template's resources.
package struct StackReport: Sendable {
    package enum Outcome: Sendable, Hashable {
        /// A service of the emulator provides it.
        case emulated
        /// Accepted without effect on a local run: permissions, keys, networks, alarms.
        case withoutEffect
        /// The emulator has no such service, so what depends on it does not happen.
        case notEmulated
    }

    package struct Entry: Sendable {
        package let logicalID: String
        package let type: String
        package let outcome: Outcome
        /// The value of `Ref` for emulated resources.
        package let ref: String?
        /// Names an emulated resource among all of its type.
        package let physicalID: String?
        /// Whether it stays when it leaves the template.
        package let isRetained: Bool
        /// Why a resource of an emulated type is not emulated.
        package let reason: String?

        package init(
            logicalID: String, type: String, outcome: Outcome, ref: String?, physicalID: String?, isRetained: Bool,
            reason: String?
        ) {
            self.logicalID = logicalID
            self.type = type
            self.outcome = outcome
            self.ref = ref
            self.physicalID = physicalID
            self.isRetained = isRetained
            self.reason = reason
        }
    }

    /// In the order in which they were created.
    package var resources: [Entry] = []
    package var outputs: [(name: String, value: String)] = []

    package init() {}

    package func resources(_ outcome: Outcome) -> [Entry] { resources.filter { $0.outcome == outcome } }
    package func output(_ name: String) -> String? { outputs.first { $0.name == name }?.value }

    package mutating func append(_ other: StackReport) {
        resources += other.resources
        outputs += other.outputs
    }

    /// Adds the resources of a nested stack, without its outputs.
    package mutating func append(_ nested: StackReport, of logicalID: String) {
        resources += nested.resources.map { entry in
            Entry(
                logicalID: "\(logicalID).\(entry.logicalID)", type: entry.type, outcome: entry.outcome, ref: entry.ref,
                physicalID: entry.physicalID, isRetained: entry.isRetained, reason: entry.reason)
        }
    }
}
