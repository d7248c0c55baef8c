internal import EmulatorCore
internal import JSON

/// An attribute value of a request that has the right shape, but whose rules are not checked yet.
///
/// The service checks the shapes of the whole request first and values later, so the first broken rule is kept here
/// until the value is read.
struct UncheckedValue: Sendable {
    fileprivate let outcome: Result<AttributeValue, BrokenRule>

    /// The service's message about an invalid value.
    struct BrokenRule: Error {
        /// The text of the older checks.
        var message: String
        /// The text of the current checks.
        var currentMessage: String
        /// Whether the current checks say it of an expression's value as of any other value, without the value's name.
        var isNamedOnlyByOlder = false

        init(message: String) {
            self.message = message
            currentMessage = message
        }

        init(older: String, current: String) {
            message = older
            currentMessage = current
            isNamedOnlyByOlder = true
        }

        func message(_ layer: ValueLayer) -> String { layer == .current ? currentMessage : message }
    }

    /// The value.
    func value() throws(BrokenRule) -> AttributeValue { try outcome.get() }

    /// The maximum nesting of lists and maps.
    private static let depthLimit = 32

    init(element: JSON, depth: Int = 0) throws(DynamoDBFault) {
        try self.init(WireStructure(element: element, type: "AttributeValue").members, depth: depth)
    }

    init(_ members: JSONObject, depth: Int = 0) throws(DynamoDBFault) {
        outcome =
            depth > Self.depthLimit
            ? Self.broken("Nesting Levels have exceeded supported limits") : try Self.parse(members, depth)
    }

    private typealias Outcome = Result<AttributeValue, BrokenRule>

    private static func parse(_ members: JSONObject, _ depth: Int) throws(DynamoDBFault) -> Outcome {
        var found: Outcome?
        var typeCount = 0
        for (name, value) in members.members where !value.isNull {
            guard let kind = AttributeValue.Kind(rawValue: name) else { continue }
            typeCount += 1
            let outcome = try parse(kind, value, depth)
            if case .failure = found { continue }
            found = outcome
        }
        guard let found else {
            return broken("Supplied AttributeValue is empty, must contain exactly one of the supported datatypes")
        }
        if typeCount > 1, case .success = found {
            return broken(
                "Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported "
                    + "datatypes")
        }
        return found
    }

    private static func parse(
        _ kind: AttributeValue.Kind, _ value: JSON, _ depth: Int
    ) throws(DynamoDBFault) -> Outcome {
        switch kind {
        case .string: return .success(.string(try Wire.string(value)))
        case .number: return number(try Wire.string(value)).map(AttributeValue.number)
        case .binary: return .success(.binary(try Wire.blob(value)))
        case .bool: return .success(.bool(try Wire.boolean(value)))
        case .null:
            return try Wire.boolean(value)
                ? .success(.null) : invalid("Null attribute value types must have the value of true", named: false)
        case .stringSet: return stringSet(try Wire.list(value, of: Wire.string))
        case .numberSet: return numberSet(try Wire.list(value, of: Wire.string))
        case .binarySet: return binarySet(try Wire.list(value, of: Wire.blob))
        case .list: return try list(try Wire.list(value), depth + 1)
        case .map:
            let members = try Wire.map(value, type: "AttributeValue")
            return try UncheckedItem(members, depth: depth + 1).outcome.map(AttributeValue.map)
        }
    }

    private static func number(_ text: String) -> Result<DecimalNumber, BrokenRule> {
        do throws(DecimalError) {
            return .success(try DecimalNumber(text))
        } catch {
            return .failure(BrokenRule(older: error.message, current: error.currentMessage))
        }
    }

    private static func stringSet(_ members: [String]) -> Outcome {
        guard !members.isEmpty else { return invalid("An string set  may not be empty") }
        guard Set(members.map { Array($0.utf8) }).count == members.count else {
            let shown = Self.upToRepeat(members) { Array($0.utf8) }.map { "\"\($0)\"" }.joined(separator: ", ")
            return duplicates("[\(members.joined(separator: ", "))] contains", current: "[\(shown)] contains")
        }
        return .success(.stringSet(members))
    }

    private static func numberSet(_ texts: [String]) -> Outcome {
        guard !texts.isEmpty else { return invalid("An number set  may not be empty") }
        var members: [DecimalNumber] = []
        for text in texts {
            switch number(text) {
            case .success(let member): members.append(member)
            case .failure(let rule): return .failure(rule)
            }
        }
        guard Set(members).count == members.count else {
            return .failure(
                BrokenRule(
                    older: "Input collection contains duplicates",
                    current: "\(invalidParameter)Input collection contains duplicates."))
        }
        return .success(.numberSet(members))
    }

    private static func binarySet(_ members: [[UInt8]]) -> Outcome {
        guard !members.isEmpty else { return invalid("Binary sets should not be empty") }
        guard Set(members).count == members.count else {
            let shown = members.map(\.base64).joined(separator: ", ")
            let current = Self.upToRepeat(members) { $0 }.map { "\"\($0.base64)\"" }.joined(separator: ",")
            return duplicates("[\(shown)]of type BS contains", current: "[\(current)]of type BS contains")
        }
        return .success(.binarySet(members))
    }

    private static func list(_ elements: [JSON], _ depth: Int) throws(DynamoDBFault) -> Outcome {
        var values: [AttributeValue] = []
        values.reserveCapacity(elements.count)
        var firstBroken: BrokenRule?
        for element in elements {
            switch try UncheckedValue(element: element, depth: depth).outcome {
            case .success(let value): values.append(value)
            case .failure(let rule): firstBroken = firstBroken ?? rule
            }
        }
        return firstBroken.map { .failure($0) } ?? .success(.list(values))
    }

    private static func broken(_ message: String) -> Outcome { .failure(BrokenRule(message: message)) }

    private static let invalidParameter = "One or more parameter values were invalid: "

    private static func invalid(_ what: String, named: Bool = true) -> Outcome {
        let message = invalidParameter + what
        return named ? broken(message) : .failure(BrokenRule(older: message, current: message))
    }

    private static func duplicates(_ older: String, current: String) -> Outcome {
        .failure(
            BrokenRule(
                older: "\(invalidParameter)Input collection \(older) duplicates.",
                current: "\(invalidParameter)Input collection \(current) duplicates."))
    }

    /// The members before the first repeated one in the order of their bytes, then it and the others as sent.
    private static func upToRepeat<Member>(_ members: [Member], _ bytes: (Member) -> [UInt8]) -> [Member] {
        var seen: Set<[UInt8]> = []
        let first = members.prefix { seen.insert(bytes($0)).inserted }
        return first.sorted { bytes($0).lexicographicallyPrecedes(bytes($1)) } + members.dropFirst(first.count)
    }
}

/// An item or a key of a request that has the right shape, but whose rules are not checked yet.
struct UncheckedItem: Sendable {
    fileprivate let outcome: Result<Item, UncheckedValue.BrokenRule>

    init(_ members: JSONObject, depth: Int = 0) throws(DynamoDBFault) {
        var item = Item()
        var firstBroken: UncheckedValue.BrokenRule?
        for (name, value) in members.members {
            switch try UncheckedValue(element: value, depth: depth).outcome {
            case .success where name.utf8.count > AttributeName.lengthLimit:
                firstBroken = firstBroken ?? .init(message: AttributeName.tooLong)
            case .success(let value): item[name] = value
            case .failure(let rule): firstBroken = firstBroken ?? rule
            }
        }
        outcome = firstBroken.map { .failure($0) } ?? .success(item)
    }

    /// The item.
    func item(_ layer: ValueLayer = .older) throws(DynamoDBFault) -> Item {
        switch outcome {
        case .success(let item): return item
        case .failure(let rule): throw .validation(rule.message(layer))
        }
    }
}
