internal import EmulatorCore
internal import JSON
internal import Time

/// A resource-based policy of a table or its stream. It is kept, but evaluated nowhere.
struct ResourcePolicy: Sendable {
    var text: String
    /// Grows with every change of the policy.
    var revision: String

    init(text: String, revision: String) {
        self.text = text
        self.revision = revision
    }

    init?(stored: JSON) {
        guard let text = stored["policy"]?.string, let revision = stored["revision"]?.string else { return nil }
        self.init(text: text, revision: revision)
    }

    var stored: JSON { ["policy": .string(text), "revision": .string(revision)] }

    /// The largest policy, in bytes.
    /// - SeeAlso: <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/rbac-considerations.html>
    static let sizeLimit = 20 * 1024

    static func check(_ text: String) throws(DynamoDBFault) {
        if text.utf8.count > sizeLimit {
            throw .limitExceeded("Resource-based policy size exceeds the limit of \(sizeLimit) bytes")
        }
        guard let document = try? JSON(parsing: text), document["Statement"] != nil else {
            throw .validation("Invalid policy document: the policy must be a JSON object with a Statement")
        }
    }
}

/// Attaches a policy to a table or stream. The same policy again changes nothing.
/// - SeeAlso: <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_PutResourcePolicy.html>
struct PutResourcePolicy: WritingOperation {
    private let arn: String
    private let policy: String
    private let expected: String?

    init(_ request: WireStructure) throws(DynamoDBFault) {
        var constraints = Constraints()
        arn = try request.policyResource(&constraints)
        let policy = try request.string("Policy")
        constraints.notNull("policy", isPresent: policy != nil)
        expected = try request.expectedRevision(&constraints)
        try constraints.check()
        self.policy = policy ?? ""
        try ResourcePolicy.check(self.policy)
    }

    func perform(on state: DynamoDBState, in transaction: borrowing Transaction) throws -> JSON {
        let table = try state.describedTable(named: arn, in: transaction.snapshot)
        var definition = table.definition
        let known = definition.policies[arn]
        try known.check(expected, of: table, arn)
        if let known, known.text == policy { return ["RevisionId": .string(known.revision)] }
        // Revisions are times, and a second change in the same millisecond needs a later one.
        let former = known.flatMap { Int64($0.revision) } ?? 0
        let revision = String(max(state.clock.now().milliseconds, former + 1))
        definition.policies[arn] = ResourcePolicy(text: policy, revision: revision)
        _ = try state.catalog.save(definition, id: table.id, in: transaction)
        return ["RevisionId": .string(revision)]
    }
}

/// Returns the policy of a table or stream.
/// - SeeAlso: <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_GetResourcePolicy.html>
struct GetResourcePolicy: ReadingOperation {
    private let arn: String

    init(_ request: WireStructure) throws(DynamoDBFault) {
        var constraints = Constraints()
        arn = try request.policyResource(&constraints)
        try constraints.check()
    }

    func perform(on state: DynamoDBState, in snapshot: borrowing Snapshot) throws -> JSON {
        let table = try state.describedTable(named: arn, in: snapshot)
        guard let policy = table.definition.policies[arn] else { throw DynamoDBFault.policyNotFound(arn) }
        return ["Policy": .string(policy.text), "RevisionId": .string(policy.revision)]
    }
}

/// Removes the policy of a table or stream. A missing policy is no error, unless a revision is expected.
/// - SeeAlso: <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_DeleteResourcePolicy.html>
struct DeleteResourcePolicy: WritingOperation {
    private let arn: String
    private let expected: String?

    init(_ request: WireStructure) throws(DynamoDBFault) {
        var constraints = Constraints()
        arn = try request.policyResource(&constraints)
        expected = try request.expectedRevision(&constraints)
        try constraints.check()
    }

    func perform(on state: DynamoDBState, in transaction: borrowing Transaction) throws -> JSON {
        let table = try state.describedTable(named: arn, in: transaction.snapshot)
        var definition = table.definition
        try definition.policies[arn].check(expected, of: table, arn)
        guard let removed = definition.policies.removeValue(forKey: arn) else { return .object(JSONObject()) }
        _ = try state.catalog.save(definition, id: table.id, in: transaction)
        return ["RevisionId": .string(removed.revision)]
    }
}

extension ResourcePolicy? {
    private static let none = "NO_POLICY"

    /// Refuses a request that expects another revision, or `NO_POLICY` where there is one.
    fileprivate func check(_ expected: String?, of table: Table, _ arn: String) throws(DynamoDBFault) {
        guard let expected, expected != self?.revision else { return }
        guard let self else {
            if expected == Self.none { return }
            throw .policyNotFound(arn)
        }
        if expected == Self.none {
            throw .policyNotFound(
                "Requested policy update expecting none to be present for table \(table.name), but a policy exists "
                    + "with revision id \(self.revision).")
        }
        throw .policyNotFound(
            "Requested update for policy with revision id \(expected), but the policy associated to target table "
                + "\(table.name) has revision id \(self.revision).")
    }
}

extension WireStructure {
    fileprivate func policyResource(_ constraints: inout Constraints) throws(DynamoDBFault) -> String {
        let arn = try string("ResourceArn")
        constraints.notNull("resourceArn", isPresent: arn != nil)
        if let arn { constraints.length("resourceArn", arn.utf8.count, shown: arn, 1...1283) }
        return arn ?? ""
    }

    fileprivate func expectedRevision(_ constraints: inout Constraints) throws(DynamoDBFault) -> String? {
        let revision = try string("ExpectedRevisionId")
        if let revision {
            constraints.length("expectedRevisionId", revision.utf8.count, shown: revision, 1...255)
        }
        return revision
    }
}
