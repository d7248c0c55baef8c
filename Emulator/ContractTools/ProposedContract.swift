internal import Columnar
internal import Contracts
internal import JSON

/// A contract for the table of which a sample is known, as text with the reasons beside it.
///
/// - SeeAlso: <https://bitol-io.github.io/open-data-contract-standard/v3.1.0/>
public struct ProposedContract {
    /// The contract's file, in YAML.
    public let text: String
    public let table: String
    public let columnCount: Int
    /// Fields that no column takes; they stay in `_rescued_data`.
    public let leftOut: [String]

    /// - Parameters:
    ///   - table: the table's name; nil takes it from the path.
    ///   - path: the file that the sample is from.
    public init(_ sample: ContractSample, table: String?, path: String) throws(ContractToolsError) {
        guard !sample.rows.isEmpty, !sample.fields.isEmpty else { throw .noRows(path: path) }
        let table = table ?? Self.tableName(from: path)
        guard Contract.isTableName(table) else { throw .notATableName(table) }
        var profiles: [String: FieldProfile] = [:]
        for name in sample.fields { profiles[name] = FieldProfile(isCSV: sample.format == .csv, name: name) }
        for row in sample.rows {
            for member in row.members { profiles[member.name]?.observe(member.value) }
        }
        var columns: [ProposedColumn] = []
        var leftOut: [(name: String, reason: String)] = []
        for name in sample.fields {
            guard let profile = profiles[name] else { continue }
            if !FieldProfile.isColumnName(name) {
                leftOut.append((name, "its name cannot be a column's"))
            } else if columns.contains(where: { $0.name.lowercased() == name.lowercased() }) {
                leftOut.append((name, "its name differs from another's in case alone"))
            } else if case .none(let reason) = profile.type() {
                leftOut.append((name, reason))
            } else {
                columns.append(ProposedColumn(name, profile, sample))
            }
        }
        guard !columns.isEmpty else { throw .noRows(path: path) }
        self.table = table
        columnCount = columns.count
        self.leftOut = leftOut.map(\.name)
        let file = path.split(separator: "/").last.map(String.init) ?? path
        let key = Self.primaryKey(among: columns, of: table)
        var text = Self.opening(table, file, sample)
        for column in columns { text += column.yaml(isKey: column.name == key) }
        for field in leftOut {
            text += "      # \(YAMLText.comment(field.name)) is left out and stays in _rescued_data: \(field.reason)\n"
        }
        self.text = text
    }

    /// The file's name up to its first point, in the letters that a table may have.
    static func tableName(from path: String) -> String {
        let file = path.split(separator: "/").last ?? ""
        let stem = (file.split(separator: ".").first ?? "").lowercased()
        let name = String(stem.map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "_" })
        return String(name.drop { !$0.isLetter }.prefix(63))
    }

    private static func opening(_ table: String, _ file: String, _ sample: ContractSample) -> String {
        let extent = sample.isWhole ? "all of the file" : "the front of the file"
        var text = """
            # Proposed from \(sample.rows.count) rows of \(YAMLText.comment(file)), \(extent). A sample shows what was,
            # not what may be: read every line, and say what is personal, before the contract counts.
            apiVersion: v3.1.0
            kind: DataContract
            id: \(table)
            name: \(table)
            version: 0.1.0
            status: draft

            """
        if sample.brokenRows > 0 {
            text += """
                customProperties:
                  # As many rows of the sample are broken as a whole.
                  - property: quarantineRows
                    value: \(sample.brokenRows)

                """
        }
        return text + """
            schema:
              - name: \(table)
                logicalType: object
                physicalType: table
                properties:

            """
    }

    /// The column that is most likely the key: one that is unique and never null, by its name before its place.
    private static func primaryKey(among columns: [ProposedColumn], of table: String) -> String? {
        let candidates = columns.filter(\.isKeyCandidate).map(\.name)
        let singular = table.hasSuffix("s") ? String(table.dropLast()) : table
        let usual = ["\(table)_id", "\(singular)_id", "id", "\(table)id", "\(singular)id", "uuid", "guid", "key"]
        return usual.lazy.compactMap { name in candidates.first { $0.lowercased() == name } }.first
    }
}
