internal import Digest
internal import EmulatorCore
internal import JSON
internal import Time

/// Performs up to 100 PartiQL statements on one item each, all or none. They all read, or they all write.
/// - SeeAlso: <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_ExecuteTransaction.html>
struct ExecuteTransaction: WritingOperation {
    private let statements: [PartiQLStatement]
    private let failures: [ReturnValuesOnConditionCheckFailure]
    private let token: String?
    private let fingerprint: [UInt8]
    private let capacity: ReturnConsumedCapacity
    private static let limit = 100

    init(_ request: WireStructure) throws(DynamoDBFault) {
        var constraints = Constraints()
        capacity = try request.capacity(&constraints)
        token = try request.string("ClientRequestToken")
        if let token { constraints.length("clientRequestToken", token.utf8.count, shown: token, 1...36) }
        let elements = try request.structures("TransactStatements", type: "ParameterizedStatement")
        constraints.notNull("transactStatements", isPresent: elements != nil)
        if let elements { constraints.length("transactStatements", elements.count, shown: "[]", 1...Self.limit) }
        var requests: [PartiQLRequest] = []
        var failures: [ReturnValuesOnConditionCheckFailure] = []
        for (position, element) in (elements ?? []).enumerated() {
            requests.append(
                try PartiQLRequest(element, path: "transactStatements.\(position + 1).member.", &constraints))
            failures.append(try element.onConditionFailure(&constraints))
        }
        try constraints.check()
        var statements: [PartiQLStatement] = []
        for (position, request) in requests.enumerated() {
            let statement = try request.parsed()
            if let problem = Self.problem(of: statement) {
                throw .validation("Validation failed in TransactStatements[\(position)]: \(problem)")
            }
            statements.append(statement)
        }
        if Set(statements.map(\.isRead)).count > 1 {
            throw .validation("Transaction request cannot include both read and write statements")
        }
        self.statements = statements
        self.failures = failures
        fingerprint = Digest.sha256((request.members["TransactStatements"] ?? []).bytes)
    }

    private static func problem(of statement: PartiQLStatement) -> String? {
        if statement.returning != nil { return "RETURNING clause is not supported in ExecuteTransaction." }
        if case .select(_, _?, _) = statement.work { return "Reads on indices are not supported within transactions." }
        return nil
    }

    func perform(on state: DynamoDBState, in transaction: borrowing Transaction) throws -> JSON {
        var writings: [PartiQLWriting] = []
        var seen: [Int64: Set<PrimaryKey>] = [:]
        for statement in statements {
            let table = try state.table(named: statement.tableName, in: transaction.snapshot)
            let writing = try PartiQLWriting(statement, on: table)
            guard seen[table.id, default: []].insert(writing.key).inserted else {
                throw DynamoDBFault.validation("Transaction request cannot include multiple operations on one item")
            }
            writings.append(writing)
        }
        if statements.first?.isRead ?? false { return try read(writings, in: transaction.snapshot) }
        if let token,
            try !TransactionTokens.claim(token, for: fingerprint, at: state.clock.now().milliseconds, in: transaction)
        {
            return try read(writings, isReplay: true, in: transaction.snapshot)
        }
        return try write(writings, on: state, in: transaction)
    }

    /// - Parameter isReplay: whether a transaction of writes that was already performed is answered.
    private func read(
        _ readings: [PartiQLWriting], isReplay: Bool = false, in snapshot: borrowing Snapshot
    ) throws -> JSON {
        var responses: [JSON] = []
        var consumed = CapacityTotals()
        for reading in readings {
            let stored = try snapshot.item(at: reading.key, in: reading.table)
            consumed.add(
                ConsumedCapacity(
                    reading: reading.table, bytes: stored?.sizeInBytes ?? 0, consistent: true, transactional: true))
            if isReplay { continue }
            var response = JSONObject()
            if let stored, reading.statement.condition?.holds(for: stored) ?? true {
                let selection = try PartiQLReading(reading.statement, on: reading.table, isConsistent: true)
                response["Item"] = selection.selected(stored).document
            }
            responses.append(.object(response))
        }
        var answer: JSONObject = isReplay ? [:] : ["Responses": .array(responses)]
        answer["ConsumedCapacity"] = consumed.document(capacity)
        return .object(answer)
    }

    private func write(
        _ writings: [PartiQLWriting], on state: DynamoDBState, in transaction: borrowing Transaction
    ) throws -> JSON {
        var changes: [(old: Item?, new: Item?)] = []
        var reasons: [CancellationReason] = []
        for (writing, onFailure) in zip(writings, failures) {
            let old = try transaction.snapshot.item(at: writing.key, in: writing.table)
            do throws(DynamoDBFault) {
                changes.append((old, try writing.result(on: old, onFailure)))
                reasons.append(.none)
            } catch {
                reasons.append(try CancellationReason(error))
            }
        }
        guard changes.count == writings.count else { throw DynamoDBFault.transactionCanceled(reasons) }
        var consumed = CapacityTotals()
        for (writing, change) in zip(writings, changes) {
            try state.change(writing.key, of: writing.table, from: change.old, to: change.new, in: transaction)
            consumed.add(ConsumedCapacity(writing: writing.table, from: change.old, to: change.new).doubled)
        }
        var answer: JSONObject = ["Responses": .array(writings.map { _ in [:] })]
        answer["ConsumedCapacity"] = consumed.document(capacity)
        return .object(answer)
    }
}
