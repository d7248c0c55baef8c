internal import YAML

/// A node of a contract with its path of keys, so that every error has a position.
struct ContractKey {
    let node: YAMLNode
    let file: String
    let path: String
    let faults: ContractFaults

    init(root node: YAMLNode, file: String) {
        self.init(node: node, file: file, path: "", faults: ContractFaults())
    }

    private init(node: YAMLNode, file: String, path: String, faults: ContractFaults) {
        self.node = node
        self.file = file
        self.path = path
        self.faults = faults
    }

    func fault(_ reason: String, at mark: YAMLMark? = nil) -> ContractError {
        let mark = mark ?? node.mark
        return .invalid(
            file: file, line: mark.line, column: mark.column, path: path.isEmpty ? "the contract" : path, reason: reason
        )
    }

    // MARK: Mappings

    /// Checks that the node is a mapping, and notes unknown keys. A misspelled key would be ignored otherwise.
    func expectKeys(_ allowed: [String]) throws(ContractError) {
        guard let mapping = node.mapping else { throw fault("expected a mapping, found \(node.kind)") }
        for entry in mapping where !allowed.contains(entry.key) {
            let expected =
                ["masking", "maskingReason"].contains(entry.key)
                ? "'\(entry.key)' is a custom property: customProperties: [{property: \(entry.key), value: …}]"
                : "unknown key '\(entry.key)'; expected one of \(allowed.joined(separator: ", "))"
            faults.note(fault(expected, at: entry.keyMark))
        }
    }

    /// The value of `key`; nil if it is missing or null.
    func optional(_ key: String) -> ContractKey? {
        guard let value = node[key], !value.isNull else { return nil }
        return ContractKey(
            node: value, file: file, path: path.isEmpty ? key : "\(path).\(key)", faults: faults)
    }

    /// The keys of a mapping with their values, without nulls.
    var members: [(key: String, value: ContractKey)] {
        node.mapping?.compactMap { entry in optional(entry.key).map { (entry.key, $0) } } ?? []
    }

    func required(_ key: String) throws(ContractError) -> ContractKey {
        guard let value = optional(key) else { throw fault("the key '\(key)' is missing") }
        return value
    }

    // MARK: Values

    func elements() throws(ContractError) -> [ContractKey] {
        guard let sequence = node.sequence else { throw fault("expected a sequence, found \(node.kind)") }
        return sequence.enumerated().map {
            ContractKey(node: $1, file: file, path: "\(path)[\($0)]", faults: faults)
        }
    }

    func string() throws(ContractError) -> String {
        guard let text = node.string, !text.isEmpty else { throw fault("expected text, found \(node.kind)") }
        return text
    }

    func string(oneOf allowed: [String]) throws(ContractError) -> String {
        let text = try string()
        guard allowed.contains(text) else { throw fault("'\(text)' is not one of \(allowed.joined(separator: ", "))") }
        return text
    }

    func choice<Choice: RawRepresentable<String> & CaseIterable>(
        _ type: Choice.Type
    ) throws(ContractError) -> Choice {
        let text = try string(oneOf: Choice.allCases.map(\.rawValue))
        guard let choice = Choice(rawValue: text) else { throw fault("'\(text)' is not allowed") }
        return choice
    }

    func bool() throws(ContractError) -> Bool {
        guard let value = node.bool else { throw fault("expected true or false, found \(node.kind)") }
        return value
    }

    func int(in range: ClosedRange<Int>) throws(ContractError) -> Int {
        guard let value = node.int, range.contains(value) else {
            throw fault("expected an integer from \(range.lowerBound) to \(range.upperBound), found \(node.kind)")
        }
        return value
    }

    func number(in range: ClosedRange<Double> = -.infinity ... .infinity) throws(ContractError) -> Double {
        guard let value = node.double, range.contains(value) else {
            let bounds = range.lowerBound.isFinite ? " from \(range.lowerBound) to \(range.upperBound)" : ""
            throw fault("expected a number\(bounds), found \(node.kind)")
        }
        return value
    }

    /// The scalars of a sequence as text, whatever their types.
    func texts() throws(ContractError) -> [String] {
        var texts: [String] = []
        for element in try elements() { texts.append(element.node.string ?? "") }
        return texts
    }

    /// The value of the custom property named `name`.
    func customProperty(_ name: String) throws(ContractError) -> ContractKey? {
        guard let properties = optional("customProperties") else { return nil }
        for property in try properties.elements() {
            try property.expectKeys(["id", "property", "value", "description"])
            if try property.required("property").string() == name { return try property.required("value") }
        }
        return nil
    }
}
