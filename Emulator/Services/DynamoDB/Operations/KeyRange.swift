internal import EmulatorCore

/// The part of a hash key's items that a query reads.
/// - SeeAlso: <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Query.KeyConditionExpressions.html>
struct KeyRange {
    private typealias Bound = (bytes: [UInt8], isIncluded: Bool)

    private let hash: [UInt8]
    private let lower: Bound?
    private let upper: Bound?

    /// - Throws: ``DynamoDBFault/validation(_:)`` unless the conditions are equalities on all hash attributes and on the
    ///   first range attributes, and at most one range of the range attribute after them.
    init(_ conditions: [KeyCondition], _ keys: KeySchema) throws(DynamoDBFault) {
        if conditions.count > max(2, keys.keys.count) {
            throw .validation("Conditions can be of length 1 or 2 only")
        }
        try Self.checkNames(conditions, keys)
        let indexable: [ComparisonOperator] = [
            .equal, .less, .lessOrEqual, .greater, .greaterOrEqual, .between, .beginsWith,
        ]
        for condition in conditions where !indexable.contains(condition.comparison) {
            throw .validation("Attempted conditional constraint is not an indexable operation")
        }
        var hash: [[UInt8]] = []
        for key in keys.hashes {
            guard let onHash = conditions.on(key.name), onHash.comparison == .equal else {
                throw .validation("Query key condition not supported")
            }
            hash.append(try Self.bytes(onHash.values[0], for: key))
        }
        self.hash = KeyEncoding.scattered(KeyEncoding.joined(hash, of: keys.hashes.count))
        (lower, upper) = try Self.bounds(conditions, keys.ranges)
    }

    /// Refuses conditions that miss a hash attribute or are on other attributes than those of the key.
    private static func checkNames(_ conditions: [KeyCondition], _ keys: KeySchema) throws(DynamoDBFault) {
        for key in keys.hashes where conditions.on(key.name) == nil {
            throw .validation("Query condition missed key schema element: \(key.name)")
        }
        guard conditions.contains(where: { !keys.has($0.attribute) }) else { return }
        guard let missed = keys.ranges.first(where: { conditions.on($0.name) == nil }) else {
            throw .validation("Query key condition not supported")
        }
        throw .validation("Query condition missed key schema element: \(missed.name)")
    }

    private static func bounds(
        _ conditions: [KeyCondition], _ ranges: [KeySchema.Key]
    ) throws(DynamoDBFault) -> (lower: Bound?, upper: Bound?) {
        guard let last = ranges.lastIndex(where: { conditions.on($0.name) != nil }),
            let condition = conditions.on(ranges[last].name)
        else { return (nil, nil) }
        let open = ranges[..<last].filter { conditions.on($0.name)?.comparison != .equal }
        if !open.isEmpty {
            throw .validation(
                "RANGE key attributes \(open.map(\.name).joined(separator: ", ")) must have equality conditions "
                    + "specified in the query because a condition is present on key attribute \(ranges[last].name)")
        }
        var values: [[UInt8]] = []
        for value in condition.values { values.append(try bytes(value, for: ranges[last])) }
        guard ranges.count > 1 else { return bounds(condition.comparison, values) }
        var prefix: [UInt8] = []
        for key in ranges[..<last] {
            for value in conditions.on(key.name)?.values ?? [] {
                prefix += KeyEncoding.escaped(try bytes(value, for: key)) + KeyEncoding.end
            }
        }
        return bounds(condition.comparison, values, after: prefix)
    }

    /// The bounds of a key of one range attribute, whose bytes are those of the value.
    private static func bounds(
        _ comparison: ComparisonOperator, _ values: [[UInt8]]
    ) -> (lower: Bound?, upper: Bound?) {
        switch comparison {
        case .less: (nil, (values[0], false))
        case .lessOrEqual: (nil, (values[0], true))
        case .greater: ((values[0], false), nil)
        case .greaterOrEqual: ((values[0], true), nil)
        case .between: ((values[0], true), (values[1], true))
        case .beginsWith: ((values[0], true), end(ofPrefix: values[0]).map { ($0, false) })
        default: ((values[0], true), (values[0], true))
        }
    }

    /// The bounds of a key of several range attributes: what begins with the values of the first attributes, in which
    /// the next attribute has the range.
    private static func bounds(
        _ comparison: ComparisonOperator, _ values: [[UInt8]], after prefix: [UInt8]
    ) -> (lower: Bound?, upper: Bound?) {
        let value = prefix + KeyEncoding.escaped(values[0])
        let first: Bound = (value + KeyEncoding.end, true)
        let whole: Bound? = prefix.isEmpty ? nil : (prefix, true)
        let afterWhole = prefix.isEmpty ? nil : bound(after: prefix)
        switch comparison {
        case .less: return (whole, (first.bytes, false))
        case .lessOrEqual: return (whole, bound(after: first.bytes))
        case .greater: return (end(ofPrefix: first.bytes).map { ($0, true) }, afterWhole)
        case .greaterOrEqual: return (first, afterWhole)
        case .between: return (first, bound(after: prefix + KeyEncoding.escaped(values[1]) + KeyEncoding.end))
        case .beginsWith: return ((value, true), bound(after: value))
        default: return (first, bound(after: first.bytes))
        }
    }

    private static func bound(after prefix: [UInt8]) -> Bound? { end(ofPrefix: prefix).map { ($0, false) } }

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

extension [KeyCondition] {
    fileprivate func on(_ name: String) -> KeyCondition? { first { $0.attribute.hasSameBytes(as: name) } }
}
