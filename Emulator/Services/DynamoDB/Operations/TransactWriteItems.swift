internal import Digest
internal import EmulatorCore
internal import JSON
internal import Time

/// Performs up to 100 writes and checks, all or none.
/// - SeeAlso: <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html>
struct TransactWriteItems: WritingOperation {
    private let actions: [TransactionAction]
    private let token: String?
    /// Empty without a token.
    private let fingerprint: [UInt8]
    private let capacity: ReturnConsumedCapacity
    private let metrics: ReturnItemCollectionMetrics
    private static let limit = 100
    private static let sizeLimit = 4 << 20

    init(_ request: WireStructure) throws(DynamoDBFault) {
        var constraints = Constraints()
        capacity = try request.capacity(&constraints)
        metrics =
            constraints.oneOf(
                "returnItemCollectionMetrics", try request.string("ReturnItemCollectionMetrics"),
                ReturnItemCollectionMetrics.self) ?? .none
        token = try request.string("ClientRequestToken")
        if let token { constraints.length("clientRequestToken", token.utf8.count, shown: token, 1...36) }
        let elements = try request.structures("TransactItems", type: "TransactWriteItem")
        constraints.notNull("transactItems", isPresent: elements != nil)
        if let elements {
            constraints.length("transactItems", elements.count, shown: Self.shown(elements), 1...Self.limit)
        }
        try constraints.check()
        var unchecked: [TransactionAction.Unchecked] = []
        for (position, element) in (elements ?? []).enumerated() {
            unchecked.append(try TransactionAction.read(element, place: position + 1, &constraints))
        }
        try constraints.check()

        var actions: [TransactionAction] = []
        for action in unchecked { actions.append(try TransactionAction(action)) }
        if actions.reduce(0, { $0 + $1.given.sizeInBytes }) > Self.sizeLimit {
            throw .validation("Transaction payload size cannot exceed 4 MB")
        }
        self.actions = actions
        fingerprint = token == nil ? [] : Digest.sha256((request.members["TransactItems"] ?? []).canonicalBytes)
    }

    /// The list in the text of an error about its length.
    private static func shown(_ elements: [WireStructure]) -> String {
        "[\(elements.map { JSON.object($0.members).text }.joined(separator: ", "))]"
    }

    func perform(on state: DynamoDBState, in transaction: borrowing Transaction) throws -> JSON {
        var planned: [(action: TransactionAction, table: Table)] = []
        for action in actions {
            planned.append((action, try state.table(named: action.tableName, in: transaction.snapshot)))
        }
        if let token,
            try !TransactionTokens.claim(token, for: fingerprint, at: state.clock.now().milliseconds, in: transaction)
        {
            return try replayed(planned, in: transaction.snapshot)
        }
        let keys = try keys(of: planned)
        let changes = try changes(planned, at: keys, in: transaction.snapshot)
        var consumed = CapacityTotals()
        var collections = JSONObject()
        for (position, (action, table)) in planned.enumerated() {
            let change = changes[position]
            try state.change(keys[position], of: table, from: change.old, to: change.new, in: transaction)
            consumed.add(ConsumedCapacity(writing: table, from: change.old, to: change.new).doubled)
            if metrics == .size, table.hasLocalIndexes {
                let known = collections[table.name]?.array ?? []
                collections[table.name] = .array(known + [table.itemCollectionMetrics(of: action.given)])
            }
        }
        var answer = JSONObject()
        answer["ConsumedCapacity"] = consumed.document(capacity)
        if !collections.isEmpty { answer["ItemCollectionMetrics"] = .object(collections) }
        return .object(answer)
    }

    /// The answer to a transaction that was already performed, which costs only reads.
    private func replayed(
        _ planned: [(action: TransactionAction, table: Table)], in snapshot: borrowing Snapshot
    ) throws -> JSON {
        var consumed = CapacityTotals()
        for (action, table) in planned {
            let bytes = try snapshot.item(at: action.key(in: table), in: table)?.sizeInBytes ?? 0
            consumed.add(ConsumedCapacity(reading: table, bytes: bytes, consistent: true, transactional: true))
        }
        var answer = JSONObject()
        answer["ConsumedCapacity"] = consumed.document(capacity)
        return .object(answer)
    }

    /// The keys of all items. The first invalid key cancels the transaction before any condition is evaluated.
    private func keys(of planned: [(action: TransactionAction, table: Table)]) throws(DynamoDBFault) -> [PrimaryKey] {
        var keys: [PrimaryKey] = []
        var seen: [Int64: Set<PrimaryKey>] = [:]
        for (position, (action, table)) in planned.enumerated() {
            do throws(DynamoDBFault) {
                keys.append(try action.key(in: table))
            } catch {
                if case .validation(let message) = error, message.hasPrefix(CancellationReason.notValid) { throw error }
                var reasons = [CancellationReason](repeating: .none, count: planned.count)
                reasons[position] = try CancellationReason(error)
                throw .transactionCanceled(reasons)
            }
            guard seen[table.id, default: []].insert(keys[position]).inserted else {
                throw .validation("Transaction request cannot include multiple operations on one item")
            }
        }
        return keys
    }

    /// The old and new value of each item; every failed condition is among the reasons.
    private func changes(
        _ planned: [(action: TransactionAction, table: Table)], at keys: [PrimaryKey], in snapshot: borrowing Snapshot
    ) throws -> [(old: Item?, new: Item?)] {
        var reasons: [CancellationReason] = []
        var changes: [(old: Item?, new: Item?)] = []
        for (key, (action, table)) in zip(keys, planned) {
            let stored = try snapshot.item(at: key, in: table)
            do throws(DynamoDBFault) {
                changes.append((stored, try action.result(on: stored, of: table)))
                reasons.append(.none)
            } catch {
                reasons.append(try CancellationReason(error))
            }
        }
        guard changes.count == planned.count else { throw DynamoDBFault.transactionCanceled(reasons) }
        return changes
    }
}

extension CancellationReason {
    /// An empty key is refused like a wrong parameter, without reasons for each item.
    fileprivate static let notValid = "One or more parameter values are not valid."

    /// - Throws: `fault` itself if an item of a transaction cannot have it.
    init(_ fault: DynamoDBFault) throws(DynamoDBFault) {
        switch fault {
        case .conditionalCheckFailed(let item):
            self.init(code: "ConditionalCheckFailed", message: "The conditional request failed", item: item)
        case .validation(let message) where !message.hasPrefix(Self.notValid):
            self.init(code: "ValidationError", message: message)
        case .duplicateItem: self.init(code: "DuplicateItem", message: fault.answer.message)
        default: throw fault
        }
    }
}

/// The request tokens of transactions of the last ten minutes. A transaction with a known token is answered, not
/// repeated.
enum TransactionTokens {
    static let schema = """
        CREATE TABLE IF NOT EXISTS dynamodb_transaction_token (
            token TEXT PRIMARY KEY, fingerprint BLOB NOT NULL, expires INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        """

    private static let keptMilliseconds: Int64 = 10 * 60 * 1000

    /// - Returns: false if the same transaction was already performed with this token.
    /// - Throws: ``DynamoDBFault/idempotentParameterMismatch`` if the token belongs to another transaction.
    static func claim(
        _ token: String, for fingerprint: [UInt8], at now: Int64, in transaction: borrowing Transaction
    ) throws -> Bool {
        try transaction.execute("DELETE FROM dynamodb_transaction_token WHERE expires <= ?", .integer(now))
        let known = try transaction.snapshot.first(
            "SELECT fingerprint FROM dynamodb_transaction_token WHERE token = ?", .text(token)
        ) { $0.blob(0) }
        if let known {
            guard known == fingerprint else { throw DynamoDBFault.idempotentParameterMismatch }
            return false
        }
        try transaction.execute(
            "INSERT INTO dynamodb_transaction_token VALUES (?, ?, ?)", .text(token), .blob(fingerprint),
            .integer(now + keptMilliseconds))
        return true
    }
}

extension JSON {
    /// Bytes that are equal for equal values, in whatever order objects have their members.
    fileprivate var canonicalBytes: [UInt8] {
        var bytes: [UInt8] = []
        append(to: &bytes)
        return bytes
    }

    private func append(to bytes: inout [UInt8]) {
        switch self {
        case .null: bytes.append(0)
        case .bool(let value): bytes.append(value ? 2 : 1)
        case .number(let number): Self.append(number.text, after: 3, to: &bytes)
        case .string(let text): Self.append(text, after: 4, to: &bytes)
        case .array(let elements):
            Self.append(elements.count, after: 5, to: &bytes)
            for element in elements { element.append(to: &bytes) }
        case .object(let object):
            Self.append(object.count, after: 6, to: &bytes)
            for (name, value) in object.members.sorted(by: { $0.name < $1.name }) {
                Self.append(name, after: 7, to: &bytes)
                value.append(to: &bytes)
            }
        }
    }

    private static func append(_ text: String, after kind: UInt8, to bytes: inout [UInt8]) {
        append(text.utf8.count, after: kind, to: &bytes)
        bytes += text.utf8
    }

    private static func append(_ count: Int, after kind: UInt8, to bytes: inout [UInt8]) {
        bytes.append(kind)
        withUnsafeBytes(of: count.littleEndian) { bytes += $0 }
    }
}
