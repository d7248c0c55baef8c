internal import Contracts
internal import JSON
internal import PII

/// One column of a proposed contract, with the reasons in comments.
struct ProposedColumn {
    /// The values are listed only for at least this many rows.
    private static let rowsForValues = 50

    let name: String
    private let type: ProposedType
    private let profile: FieldProfile
    private let rowCount: Int
    private let isWhole: Bool

    init(_ name: String, _ profile: FieldProfile, _ sample: ContractSample) {
        self.name = name
        self.profile = profile
        type = profile.type()
        rowCount = sample.rows.count
        isWhole = sample.isWhole
    }

    private var nulls: Int { rowCount - profile.present }

    /// Whether the values are unique, none is missing, and they are integers or text: a measure is rarely a key.
    var isKeyCandidate: Bool {
        guard nulls == 0, rowCount > 1, profile.texts.isUnique, case .single(let logicalType, _, _) = type else {
            return false
        }
        return logicalType == "integer" || logicalType == "string"
    }

    func yaml(isKey: Bool) -> String {
        var lines = ["- name: \(YAMLText.scalar(name))"]
        lines += Self.lines(of: type).map { "  " + $0 }
        if isKey {
            lines += [
                "  # No value is missing or repeated in \(rowCount) rows.", "  primaryKey: true",
                "  primaryKeyPosition: 1", "  required: true",
            ]
        } else if nulls == 0 {
            // Later rows may have nulls, which would break a required column.
            lines.append("  \(isWhole ? "" : "# ")required: true # no null in \(rowCount) rows")
            if isKeyCandidate { lines.append("  # A candidate for the primary key: no value is repeated.") }
        } else {
            lines.append("  # \(nulls) nulls in \(rowCount) rows")
        }
        if !personalData.isEmpty {
            lines += [
                "  # Personal data: \(personalData.joined(separator: ", ")). If it is, classify and mask the column:",
                "  # classification: PII",
                "  # customProperties: [{property: masking, value: hash}] # or mask, redact; hash needs MASKING_KEY",
            ]
        } else if let values {
            lines.append("  # \(values)")
        }
        return lines.map { "      \($0)\n" }.joined()
    }

    /// The findings of bronze's detectors in a text column.
    private var personalData: [String] {
        guard type.isText, let sample = profile.personalData else { return [] }
        return sample.findings.map { "\($0.kind.rawValue) in \($0.matchedCount) of \(sample.count) values" }
    }

    /// The values of a text column with few distinct ones.
    private var values: String? {
        guard type.isText, let distinct = profile.texts.distinct, rowCount >= Self.rowsForValues,
            distinct.count * 10 <= profile.texts.count, distinct.count > 0
        else { return nil }
        let shown = distinct.sorted().map { "\"\(YAMLText.comment($0))\"" }.joined(separator: ", ")
        return "\(distinct.count) values in \(rowCount) rows: \(shown)"
    }

    private static func lines(of type: ProposedType) -> [String] {
        switch type {
        case .single(let logicalType, let physicalType, let note):
            let comment = note.map { " # \($0)" } ?? ""
            return ["logicalType: \(logicalType)", "physicalType: \(physicalType)\(comment)"]
        case .formatted(let logicalType, let physicalType, let lines, let note):
            let comment = note.map { " # \($0)" } ?? ""
            return ["logicalType: \(logicalType)", "physicalType: \(physicalType)"] + lines.dropLast()
                + lines.suffix(1).map { $0 + comment }
        case .json(let logicalType, let note):
            return ["logicalType: \(logicalType)", "physicalType: json # \(note)"]
        case .object(let fields):
            let inner = fields.flatMap { field -> [String] in
                ["  - name: \(YAMLText.scalar(field.name))"] + lines(of: field.type).map { "    " + $0 }
            }
            return ["logicalType: object", "physicalType: struct", "properties:"] + inner
        case .array(let element):
            return ["logicalType: array", "physicalType: list", "items:", "  name: element"]
                + lines(of: element).map { "  " + $0 }
        case .none:
            return []
        }
    }
}
