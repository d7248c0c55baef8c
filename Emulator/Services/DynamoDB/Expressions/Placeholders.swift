internal import EmulatorCore
internal import JSON

/// `ExpressionAttributeNames` and `ExpressionAttributeValues` of a request, and which of them its expressions use.
struct Placeholders: Sendable {
    private let names: [(name: String, value: String)]?
    private let values: [(name: String, value: UncheckedValue)]?
    private let layer: ValueLayer
    private var checkedValues: [String: AttributeValue] = [:]
    private var usedNames: Set<String> = []
    private var usedValues: Set<String> = []

    /// - Throws: ``DynamoDBFault/serialization(_:)`` if they have the wrong shape.
    init(_ request: WireStructure, _ layer: ValueLayer = .older) throws(DynamoDBFault) {
        self.layer = layer
        names = try request.stringMap("ExpressionAttributeNames")
        guard let members = try request.map("ExpressionAttributeValues", type: "AttributeValue") else {
            values = nil
            return
        }
        var values: [(name: String, value: UncheckedValue)] = []
        for (name, value) in members.members { values.append((name, try UncheckedValue(element: value))) }
        self.values = values
    }

    var hasNames: Bool { names != nil }
    var hasValues: Bool { values != nil }

    /// Checks the placeholders and their values, before any expression is parsed.
    mutating func check() throws(DynamoDBFault) {
        if let names {
            if names.isEmpty { throw .validation("ExpressionAttributeNames must not be empty") }
            for (name, _) in names where !Self.isPlaceholder(name, UInt8(ascii: "#")) {
                throw .validation("ExpressionAttributeNames contains invalid key: Syntax error; key: \"\(name)\"")
            }
            for (_, value) in names { try AttributeName.check(value) }
        }
        guard let values else { return }
        if values.isEmpty { throw .validation("ExpressionAttributeValues must not be empty") }
        for (name, _) in values where !Self.isPlaceholder(name, UInt8(ascii: ":")) {
            throw .validation("ExpressionAttributeValues contains invalid key: Syntax error; key: \"\(name)\"")
        }
        for (name, value) in values {
            do throws(UncheckedValue.BrokenRule) {
                checkedValues[name] = try value.value()
            } catch {
                if layer == .current, error.isNamedOnlyByOlder { throw .validation(error.currentMessage) }
                throw .validation(
                    "ExpressionAttributeValues contains invalid value: \(error.message) for key \(name)")
            }
        }
    }

    private static func isPlaceholder(_ text: String, _ mark: UInt8) -> Bool {
        guard text.utf8.first == mark, text.utf8.count > 1 else { return false }
        return text.utf8.dropFirst().allSatisfy { byte in
            (0x61...0x7A).contains(byte | 0x20) || (0x30...0x39).contains(byte) || byte == UInt8(ascii: "_")
        }
    }

    mutating func attributeName(for placeholder: String) throws(ExpressionError) -> String {
        guard let name = names?.first(where: { $0.name == placeholder })?.value else {
            throw ExpressionError(
                "An expression attribute name used in the document path is not defined; attribute name: \(placeholder)")
        }
        usedNames.insert(placeholder)
        return name
    }

    mutating func value(for placeholder: String) throws(ExpressionError) -> AttributeValue {
        guard let value = checkedValues[placeholder] else {
            throw ExpressionError(
                "An expression attribute value used in expression is not defined; attribute value: \(placeholder)")
        }
        usedValues.insert(placeholder)
        return value
    }

    /// Refuses placeholders that no expression uses.
    func checkAllUsed() throws(DynamoDBFault) {
        let unusedNames = (names ?? []).map(\.name).filter { !usedNames.contains($0) }
        if !unusedNames.isEmpty {
            throw .validation(
                "Value provided in ExpressionAttributeNames unused in expressions: keys: "
                    + "{\(unusedNames.joined(separator: ", "))}")
        }
        let unusedValues = (values ?? []).map(\.name).filter { !usedValues.contains($0) }
        if !unusedValues.isEmpty {
            throw .validation(
                "Value provided in ExpressionAttributeValues unused in expressions: keys: "
                    + "{\(unusedValues.joined(separator: ", "))}")
        }
    }
}
