internal import EmulatorCore

/// `AttributeUpdates`, the legacy form of an update expression.
/// - SeeAlso: <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/LegacyConditionalParameters.AttributeUpdates.html>
struct AttributeUpdates: Sendable {
    private enum Action: String, CaseIterable {
        case add = "ADD"
        case put = "PUT"
        case delete = "DELETE"
    }

    private let entries: [(attribute: String, action: Action, value: UncheckedValue?)]

    init(_ request: WireStructure, _ constraints: inout Constraints) throws(DynamoDBFault) {
        var entries: [(attribute: String, action: Action, value: UncheckedValue?)] = []
        let members = try request.structureMap("AttributeUpdates", type: "AttributeValueUpdate") ?? []
        for (attribute, member) in members {
            let action = constraints.oneOf(
                "attributeUpdates.\(attribute).member.action", try member.string("Action"), Action.self)
            entries.append((attribute, action ?? .put, try member.attributeValue("Value")))
        }
        self.entries = entries
    }

    func update() throws(DynamoDBFault) -> Update {
        var changes: [Update.Change] = []
        for entry in entries {
            try AttributeName.check(entry.attribute)
            let path = DocumentPath(attribute: entry.attribute)
            let given = try entry.value.map { value throws(DynamoDBFault) in try value.checked(.current) }
            guard let value = given else {
                guard entry.action == .delete else {
                    throw .invalidParameter("Only DELETE action is allowed when no attribute value is specified")
                }
                changes.append(.remove(path))
                continue
            }
            changes.append(try change(entry.action, path, value))
        }
        return Update(changes: changes, wrongType: .validation("Type mismatch for attribute to update"))
    }

    private func change(
        _ action: Action, _ path: DocumentPath, _ value: AttributeValue
    ) throws(DynamoDBFault) -> Update.Change {
        switch (action, value.kind) {
        case (.put, _): return .set(path, .value(value))
        case (.delete, .stringSet), (.delete, .numberSet), (.delete, .binarySet): return .delete(path, value)
        case (.delete, let kind):
            throw .invalidParameter("DELETE action with value is not supported for the type \(kind.rawValue)")
        case (.add, .number), (.add, .stringSet), (.add, .numberSet), (.add, .binarySet): return .add(path, value)
        case (.add, .list):
            return .set(path, .appended([.firstPresent([.path(path), .value(.list([]))]), .value(value)]))
        case (.add, let kind):
            throw .invalidParameter("ADD action is not supported for the type \(kind.rawValue)")
        }
    }
}
