internal import AWSModels

/// A conditional change of one record. Every name and value has a placeholder, because DynamoDB reserves words such as
/// `status` and `duration`.
struct RecordChange {
    private var assignments: [String] = []
    private var removals: [String] = []
    private var additions: [String] = []
    private var deletions: [String] = []
    private var names: [String: String] = [:]
    private var values: Item = [:]
    private var condition = ""

    /// `SET attribute = value`
    mutating func set(_ attribute: ControlAttribute, _ value: AttributeValue) {
        assignments.append("\(name(attribute)) = \(self.value(value, "new_\(attribute.rawValue)"))")
    }

    /// Sets the attribute if there is a value.
    mutating func set(_ attribute: ControlAttribute, ifKnown value: AttributeValue?) {
        if let value { set(attribute, value) }
    }

    mutating func increment(_ attribute: ControlAttribute) {
        let name = name(attribute)
        assignments.append("\(name) = if_not_exists(\(name), \(value(0, "zero"))) + \(value(1, "one"))")
    }

    mutating func increment(_ attribute: ControlAttribute, by count: Int) {
        let name = name(attribute)
        assignments.append(
            "\(name) = if_not_exists(\(name), \(value(0, "zero"))) + \(value(.int(count), "more_\(attribute.rawValue)"))"
        )
    }

    /// Sets the attribute only if the item does not have it.
    mutating func setIfAbsent(_ attribute: ControlAttribute, _ value: AttributeValue) {
        let name = name(attribute)
        assignments.append("\(name) = if_not_exists(\(name), \(self.value(value, "new_\(attribute.rawValue)")))")
    }

    /// Sets the attribute to what another one had before the change, or else to what a third one had.
    mutating func keep(_ source: ControlAttribute, else other: ControlAttribute, as attribute: ControlAttribute) {
        assignments.append("\(name(attribute)) = if_not_exists(\(name(source)), \(name(other)))")
    }

    /// Adds elements to a set.
    mutating func insert(_ ids: Set<ControlID>, into attribute: ControlAttribute) {
        insert(texts: Set(ids.map(\.text)), into: attribute)
    }

    mutating func insert(texts: Set<String>, into attribute: ControlAttribute) {
        additions.append("\(name(attribute)) \(value(.stringSet(texts), "added"))")
    }

    /// Removes elements from a set.
    mutating func delete(_ ids: Set<ControlID>, from attribute: ControlAttribute) {
        deletions.append("\(name(attribute)) \(value(.stringSet(Set(ids.map(\.text))), "deleted"))")
    }

    mutating func remove(_ attributes: ControlAttribute...) { removals += attributes.map { name($0) } }

    /// Sets the condition on the stored record; replaces an earlier one.
    mutating func require(_ condition: String) { self.condition = condition }

    /// The placeholder of an attribute, for a condition.
    mutating func name(_ attribute: ControlAttribute) -> String {
        let placeholder = "#\(attribute.rawValue)"
        names[placeholder] = attribute.rawValue
        return placeholder
    }

    /// The placeholder of a value, for a condition. A label stands for one value only.
    mutating func value(_ value: AttributeValue, _ label: String) -> String {
        let placeholder = ":\(label)"
        values[placeholder] = value
        return placeholder
    }

    mutating func value(_ status: ControlRecord.Status) -> String { value(.string(status.rawValue), status.rawValue) }

    func request(
        table: String, id: ControlID, returning: UpdateItem.Returned = .nothing
    ) -> UpdateItem {
        let clauses = [("SET", assignments), ("REMOVE", removals), ("ADD", additions), ("DELETE", deletions)]
        let update = clauses.filter { !$0.1.isEmpty }.map { "\($0.0) \($0.1.joined(separator: ", "))" }
            .joined(separator: " ")
        return UpdateItem(
            table: table, key: [ControlAttribute.controlID.rawValue: .string(id.text)],
            update: Expression(update, names: names, values: values),
            condition: condition.isEmpty ? nil : Expression(condition), returning: returning,
            returnsStoredOnFailure: true)
    }
}
