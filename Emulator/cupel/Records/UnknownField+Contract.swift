internal import ContractTools
internal import Control

extension UnknownField {
    /// The line of a contract that makes a column or field of this; nil where the name is not shown.
    var contractLine: String? {
        guard !path.contains("[redacted]"), !isPosition else { return nil }
        let type =
            switch kind {
            case .string, .mixed: "logicalType: string"
            case .hidden: "logicalType: string} # the values are hidden, so check the type"
            case .object: "logicalType: object, physicalType: json"
            case .array: "logicalType: array, physicalType: json"
            case .integer, .number, .boolean: "logicalType: \(kind.rawValue)"
            }
        let parts = path.split(separator: ".").map(String.init)
        let name = parts.last ?? path
        let line = "- {name: \(YAMLText.scalar(name)), \(type)\(kind == .hidden ? "" : "}")"
        let home = parts.dropLast().joined(separator: ".")
        return home.isEmpty ? line : "\(line)   (in the properties of \(home))"
    }

    /// Whether the name is that of a CSV field whose cell in the header is not shown: `field 7`.
    private var isPosition: Bool {
        kind == .hidden && path.hasPrefix("field ") && path.dropFirst(6).allSatisfy(\.isNumber)
    }
}
