internal import EmulatorCore
internal import JSON

/// Reads the items of one hash key, in the order of the range key, from the table or an index.
/// - SeeAlso: <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_Query.html>
struct Query: ReadingOperation {
    private let parameters: PageParameters
    private let conditions: [KeyCondition]
    private let isForward: Bool
    private let usesQueryFilter: Bool

    init(_ request: WireStructure) throws(DynamoDBFault) {
        var constraints = Constraints()
        var parameters = try PageParameters(request, &constraints)
        let queryFilter = try LegacyConditions(filter: "QueryFilter", in: request, &constraints)
        let keyConditions = try LegacyConditions(filter: "KeyConditions", in: request, &constraints)
        isForward = try request.boolean("ScanIndexForward") ?? true
        var expressions = try ExpressionParameters(
            request, expressions: ["ProjectionExpression", "FilterExpression", "KeyConditionExpression"],
            legacy: ["AttributesToGet", "QueryFilter", "ConditionalOperator", "KeyConditions"])
        try constraints.check()

        try expressions.checkMix()
        let oldFilter = try queryFilter.filter()
        try parameters.checkStart()
        if !keyConditions.isPresent, expressions.text("KeyConditionExpression") == nil {
            throw .validation(
                "Either the KeyConditions or KeyConditionExpression parameter must be specified in the request.")
        }
        try expressions.placeholders.check()
        let keyCondition = try expressions.condition("KeyConditionExpression")
        try parameters.resolve(&expressions, filter: oldFilter)
        conditions =
            if let keyCondition {
                try KeyCondition.conditions(in: keyCondition)
            } else {
                try keyConditions.keyConditions()
            }
        if !(1...2).contains(conditions.count) { throw .validation("Conditions can be of length 1 or 2 only") }
        self.parameters = parameters
        usesQueryFilter = queryFilter.isPresent
    }

    func perform(on state: DynamoDBState, in snapshot: borrowing Snapshot) throws -> JSON {
        let table = try state.table(named: parameters.tableName, in: snapshot)
        let index = try parameters.index(of: table)
        let keys = index?.keys ?? table.keys
        let range = try KeyRange(conditions, keys)
        try checkFilter(keys)
        var terms = range.terms
        if let position = try parameters.position(in: table, index) {
            try range.check(position.entry)
            terms = range.terms(after: position, inIndex: index != nil, isForward: isForward)
        }
        var page = ItemPage(parameters, table, index)
        try snapshot.fill(
            &page, from: table, index, where: terms,
            orderedBy: index == nil ? ["range"] : ["range", "item_hash", "item_range"], descending: !isForward)
        return page.answer
    }

    private func checkFilter(_ keys: KeySchema) throws(DynamoDBFault) {
        for attribute in parameters.filter?.attributes ?? [] where keys.has(attribute) {
            throw .validation(
                "\(usesQueryFilter ? "QueryFilter" : "Filter Expression") can only contain non-primary key attributes: "
                    + "Primary key attribute: \(attribute)")
        }
    }
}

/// The part of a hash key's items that a query reads.
struct KeyRange {
    private let hash: [UInt8]
    private let lower: (bytes: [UInt8], isIncluded: Bool)?
    private let upper: (bytes: [UInt8], isIncluded: Bool)?

    /// - Throws: ``DynamoDBFault/validation(_:)`` unless the conditions are an equality on the hash key and at most one
    ///   range of the range key.
    init(_ conditions: [KeyCondition], _ keys: KeySchema) throws(DynamoDBFault) {
        func condition(on name: String) -> KeyCondition? { conditions.first { $0.attribute.hasSameBytes(as: name) } }
        guard let onHash = condition(on: keys.hash.name) else {
            throw .validation("Query condition missed key schema element: \(keys.hash.name)")
        }
        var onRange: KeyCondition?
        if conditions.count == 2 {
            guard let range = keys.range else { throw .validation("Query key condition not supported") }
            onRange = condition(on: range.name)
            if onRange == nil { throw .validation("Query condition missed key schema element: \(range.name)") }
        }
        let indexable: [ComparisonOperator] = [
            .equal, .less, .lessOrEqual, .greater, .greaterOrEqual, .between, .beginsWith,
        ]
        for condition in conditions where !indexable.contains(condition.comparison) {
            throw .validation("Attempted conditional constraint is not an indexable operation")
        }
        guard onHash.comparison == .equal else { throw .validation("Query key condition not supported") }
        hash = KeyEncoding.scattered(try Self.bytes(onHash.values[0], for: keys.hash))
        guard let onRange, let key = keys.range else {
            lower = nil
            upper = nil
            return
        }
        var bounds: [[UInt8]] = []
        for value in onRange.values { bounds.append(try Self.bytes(value, for: key)) }
        switch onRange.comparison {
        case .less: (lower, upper) = (nil, (bounds[0], false))
        case .lessOrEqual: (lower, upper) = (nil, (bounds[0], true))
        case .greater: (lower, upper) = ((bounds[0], false), nil)
        case .greaterOrEqual: (lower, upper) = ((bounds[0], true), nil)
        case .between: (lower, upper) = ((bounds[0], true), (bounds[1], true))
        case .beginsWith: (lower, upper) = ((bounds[0], true), Self.end(ofPrefix: bounds[0]).map { ($0, false) })
        default: (lower, upper) = ((bounds[0], true), (bounds[0], true))
        }
    }

    private static func bytes(_ value: AttributeValue, for key: KeySchema.Key) throws(DynamoDBFault) -> [UInt8] {
        guard value.kind == key.kind, let bytes = KeyEncoding.bytes(of: value) else {
            throw .invalidParameter("Condition parameter type does not match schema type")
        }
        if bytes.isEmpty {
            throw .validation(
                "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an "
                    + "empty \(key.kind == .string ? "string" : "binary") value. Key: \(key.name)")
        }
        return bytes
    }

    /// The smallest bytes after all that begin with `prefix`; nil if there are none.
    private static func end(ofPrefix prefix: [UInt8]) -> [UInt8]? {
        guard let last = prefix.lastIndex(where: { $0 != 0xFF }) else { return nil }
        return prefix[..<last] + [prefix[last] + 1]
    }

    /// Refuses a starting key at which no page of this query can have ended.
    func check(_ start: PrimaryKey) throws(DynamoDBFault) {
        guard start.hash == hash else {
            throw .validation(
                "The provided starting key is outside query boundaries based on provided conditions")
        }
        let isAbove = lower.map { Self.isOrdered($0.bytes, start.range, allowingEqual: $0.isIncluded) } ?? true
        let isBelow = upper.map { Self.isOrdered(start.range, $0.bytes, allowingEqual: $0.isIncluded) } ?? true
        guard isAbove, isBelow else {
            throw .validation("The provided starting key does not match the range key predicate")
        }
    }

    private static func isOrdered(_ left: [UInt8], _ right: [UInt8], allowingEqual: Bool) -> Bool {
        left == right ? allowingEqual : left.lexicographicallyPrecedes(right)
    }

    private var hashTerm: PageTerm { PageTerm(columns: ["hash"], comparator: "=", values: [hash]) }

    private var lowerTerm: PageTerm? {
        lower.map { PageTerm(columns: ["range"], comparator: $0.isIncluded ? ">=" : ">", values: [$0.bytes]) }
    }

    private var upperTerm: PageTerm? {
        upper.map { PageTerm(columns: ["range"], comparator: $0.isIncluded ? "<=" : "<", values: [$0.bytes]) }
    }

    var terms: [PageTerm] { [hashTerm, lowerTerm, upperTerm].compactMap(\.self) }

    /// The rows after `position`, which is inside the bounds and therefore replaces one of them.
    func terms(after position: PagePosition, inIndex: Bool, isForward: Bool) -> [PageTerm] {
        let start = PageTerm(
            columns: inIndex ? ["range", "item_hash", "item_range"] : ["range"], comparator: isForward ? ">" : "<",
            values: inIndex
                ? [position.entry.range, position.item.hash, position.item.range] : [position.entry.range])
        return [hashTerm, start, isForward ? upperTerm : lowerTerm].compactMap(\.self)
    }
}

extension Condition {
    /// The top-level attributes that the condition reads.
    var attributes: [String] {
        switch self {
        case .or(let left, let right), .and(let left, let right): left.attributes + right.attributes
        case .not(let condition): condition.attributes
        case .comparison(_, let left, let right): left.attributes + right.attributes
        case .between(let operand, let lower, let upper): operand.attributes + lower.attributes + upper.attributes
        case .member(let operand, let candidates): operand.attributes + candidates.flatMap(\.attributes)
        case .exists(let path), .notExists(let path): [path.attribute]
        case .hasType(let operand, _): operand.attributes
        case .beginsWith(let left, let right), .contains(let left, let right): left.attributes + right.attributes
        }
    }
}

extension Condition.Operand {
    fileprivate var attributes: [String] {
        switch self {
        case .path(let path): [path.attribute]
        case .value: []
        case .size(let operand): operand.attributes
        }
    }
}
