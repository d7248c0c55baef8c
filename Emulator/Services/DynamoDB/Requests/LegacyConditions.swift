internal import EmulatorCore
internal import JSON

/// `Expected`, `QueryFilter`, `ScanFilter` or `KeyConditions` of a request, parsed but not checked.
/// - SeeAlso: <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/LegacyConditionalParameters.html>
struct LegacyConditions: Sendable {
    private struct Entry: Sendable {
        var attribute: String
        var comparison: ComparisonOperator?
        var list: [UncheckedValue]?
        var value: UncheckedValue?
        var exists: Bool?
    }

    private let entries: [Entry]?
    private let join: ConditionalOperator?
    private let layer: ValueLayer

    init(expectedIn request: WireStructure, _ constraints: inout Constraints) throws(DynamoDBFault) {
        try self.init("Expected", type: "ExpectedAttributeValue", of: request, .current, &constraints)
    }

    init(filter name: String, in request: WireStructure, _ constraints: inout Constraints) throws(DynamoDBFault) {
        try self.init(
            name, type: "Condition", of: request, name == "ScanFilter" ? .older : .current, &constraints)
    }

    private init(
        _ name: String, type: String, of request: WireStructure, _ layer: ValueLayer,
        _ constraints: inout Constraints
    ) throws(DynamoDBFault) {
        self.layer = layer
        let path = (name.first?.lowercased() ?? "") + name.dropFirst()
        if let members = try request.structureMap(name, type: type) {
            var entries: [Entry] = []
            for (attribute, member) in members {
                let text = try member.string("ComparisonOperator")
                if type == "Condition" {
                    constraints.notNull("\(path).\(attribute).member.comparisonOperator", isPresent: text != nil)
                }
                entries.append(
                    Entry(
                        attribute: attribute,
                        comparison: constraints.oneOf(
                            "\(path).\(attribute).member.comparisonOperator", text, ComparisonOperator.self),
                        list: try member.attributeValues("AttributeValueList"),
                        value: try member.attributeValue("Value"), exists: try member.boolean("Exists")))
            }
            self.entries = entries
        } else {
            entries = nil
        }
        // The operator joins the conditions of filters and expectations, but not those of keys.
        join =
            name == "KeyConditions"
            ? nil
            : constraints.oneOf(
                "conditionalOperator", try request.string("ConditionalOperator"), ConditionalOperator.self)
    }

    var isPresent: Bool { entries != nil }

    // MARK: Expected

    /// `Expected` as one condition.
    func condition() throws(DynamoDBFault) -> Condition? {
        try checkJoin()
        var conditions: [Condition] = []
        for entry in entries ?? [] { conditions.append(try expectation(entry)) }
        return joined(conditions)
    }

    private func checkJoin() throws(DynamoDBFault) {
        if join != nil, entries == nil {
            throw .validation("ConditionalOperator cannot be used without Filter or Expected")
        }
    }

    private func joined(_ conditions: [Condition]) -> Condition? {
        guard let first = conditions.first else { return nil }
        return conditions.dropFirst().reduce(first) { join == .or ? .or($0, $1) : .and($0, $1) }
    }

    private func expectation(_ entry: Entry) throws(DynamoDBFault) -> Condition {
        let name = entry.attribute
        if entry.list != nil, entry.value != nil {
            throw .invalidParameter("Value and AttributeValueList cannot be used together for Attribute: \(name)")
        }
        guard let comparison = entry.comparison else { return try existence(entry) }
        if entry.exists != nil {
            throw .invalidParameter("Exists and ComparisonOperator cannot be used together for Attribute: \(name)")
        }
        if comparison != .null, comparison != .notNull, entry.list == nil, entry.value == nil {
            throw .invalidParameter(
                "Value or AttributeValueList must be used with ComparisonOperator: \(comparison.rawValue) for "
                    + "Attribute: \(name)")
        }
        let values = try checked(entry.list ?? entry.value.map { [$0] } ?? [], for: comparison)
        return comparison.condition(on: name, values)
    }

    /// `Exists` and `Value` without an operator.
    private func existence(_ entry: Entry) throws(DynamoDBFault) -> Condition {
        let name = entry.attribute
        if entry.list != nil {
            throw .invalidParameter(
                "AttributeValueList can only be used with a ComparisonOperator for Attribute: \(name)")
        }
        let path = DocumentPath(attribute: name)
        switch (entry.exists ?? true, entry.value) {
        case (true, nil):
            let exists = entry.exists.map { "\($0)" } ?? "null"
            throw .invalidParameter("Value must be provided when Exists is \(exists) for Attribute: \(name)")
        case (false, _?):
            throw .invalidParameter("Value cannot be used when Exists is false for Attribute: \(name)")
        case (true, let value?):
            return .comparison(.equal, .path(path), .value(try value.checked(layer)))
        case (false, nil): return .notExists(path)
        }
    }

    // MARK: Filters and key conditions

    /// A filter as one condition.
    func filter() throws(DynamoDBFault) -> Condition? {
        try checkJoin()
        return joined(try keyConditions().map { $0.comparison.condition(on: $0.attribute, $0.values) })
    }

    /// The attributes in the conditions.
    var attributes: [String] { (entries ?? []).map(\.attribute) }

    func keyConditions() throws(DynamoDBFault) -> [KeyCondition] {
        var conditions: [KeyCondition] = []
        for entry in entries ?? [] {
            guard let comparison = entry.comparison else { continue }
            conditions.append(
                KeyCondition(
                    attribute: entry.attribute, comparison: comparison,
                    values: try checked(entry.list ?? [], for: comparison)))
        }
        return conditions
    }

    private func checked(
        _ unchecked: [UncheckedValue], for comparison: ComparisonOperator
    ) throws(DynamoDBFault) -> [AttributeValue] {
        var values: [AttributeValue] = []
        for value in unchecked { values.append(try value.checked(layer)) }
        guard comparison.operandCounts.contains(values.count) else {
            throw .invalidParameter(
                "Invalid number of argument(s) for the \(comparison.rawValue) ComparisonOperator")
        }
        guard let first = values.first else { return [] }
        guard values.allSatisfy({ $0.kind == first.kind }) else {
            throw .invalidParameter("AttributeValues inside AttributeValueList must be of same type")
        }
        guard comparison.operandKinds.contains(first.kind) else {
            throw .invalidParameter(
                "ComparisonOperator \(comparison.rawValue) is not valid for \(first.kind.rawValue) AttributeValue type")
        }
        if comparison == .between, values[1].precedes(first) == true {
            throw .validation(
                "The BETWEEN condition was provided a range where the lower bound is greater than the upper bound")
        }
        return values
    }
}

extension UncheckedValue {
    func checked(_ layer: ValueLayer) throws(DynamoDBFault) -> AttributeValue {
        do throws(BrokenRule) {
            return try value()
        } catch {
            throw .validation(error.message(layer))
        }
    }
}
