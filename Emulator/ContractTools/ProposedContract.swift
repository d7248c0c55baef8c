internal import Columnar
internal import Contracts
internal import JSON
internal import RawFile

/// A contract proposed from a sample of a table, as YAML with the reasons in comments.
///
/// - SeeAlso: <https://bitol-io.github.io/open-data-contract-standard/v3.1.0/>
public struct ProposedContract {
    /// The text of the contract's file, in YAML.
    public let text: String
    public let table: String
    public let columnCount: Int
    /// The fields without a column. They stay in `_rescued_data`.
    public let leftOut: [String]

    /// - Parameters:
    ///   - table: The table's name; nil to derive it from the path.
    ///   - path: The file of the sample.
    public init(_ sample: ContractSample, table: String?, path: String) throws(ContractToolsError) {
        guard !sample.rows.isEmpty, !sample.fields.isEmpty else {
            throw .noRows(path: path, firstFault: sample.firstFault)
        }
        let table = table ?? Self.tableName(from: path)
        guard Contract.isTableName(table) else { throw .notATableName(table) }
        var profiles: [String: FieldProfile] = [:]
        for name in sample.fields { profiles[name] = FieldProfile(isCSV: sample.format == .csv, name: name) }
        for row in sample.rows {
            for member in row.members { profiles[member.name]?.observe(member.value) }
        }
        Self.guessFormats(profiles, sample)
        var columns: [ProposedColumn] = []
        var lowercased: Set<String> = []
        var leftOut: [(name: String, reason: String)] = []
        for name in sample.fields {
            guard let profile = profiles[name] else { continue }
            if !FieldProfile.isColumnName(name) {
                leftOut.append((name, "its name cannot be a column name"))
            } else if lowercased.contains(name.lowercased()) {
                leftOut.append((name, "its name differs from another only in case"))
            } else if case .none(let reason) = profile.type() {
                leftOut.append((name, reason))
            } else {
                columns.append(ProposedColumn(name, profile, sample))
                lowercased.insert(name.lowercased())
            }
        }
        guard !columns.isEmpty else { throw .noRows(path: path, firstFault: sample.firstFault) }
        self.table = table
        columnCount = columns.count
        self.leftOut = leftOut.map(\.name)
        let file = path.split(separator: "/").last.map(String.init) ?? path
        let key = Self.primaryKey(among: columns, of: table)
        let nulls = Set(profiles.values.flatMap { $0.guess?.nulls ?? [] }).sorted()
        var text = Self.opening(table, file, sample, nulls: nulls)
        for column in columns { text += column.yaml(isKey: column.name == key) }
        for field in leftOut {
            text += "      # \(YAMLText.comment(field.name)) is left out and stays in _rescued_data: \(field.reason)\n"
        }
        self.text = text
    }

    /// The file's name up to its first point, with characters that a table name cannot have replaced.
    static func tableName(from path: String) -> String {
        let file = path.split(separator: "/").last ?? ""
        let stem = (file.split(separator: ".").first ?? "").lowercased()
        let name = String(stem.map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "_" })
        return String(name.drop { !$0.isLetter }.prefix(63))
    }

    /// Looks at all texts of each column of text.
    private static func guessFormats(_ profiles: [String: FieldProfile], _ sample: ContractSample) {
        let wanted = profiles.filter { $0.value.type().isText && $0.value.texts.count > 0 }
        var texts: [String: [String]] = [:]
        for row in sample.rows {
            for member in row.members where wanted[member.name] != nil {
                if case .string(let text) = member.value, !text.isEmpty { texts[member.name, default: []].append(text) }
            }
        }
        for (name, profile) in wanted {
            // Elsewhere there are values of other kinds between them.
            guard let found = texts[name], found.count == profile.texts.count else { continue }
            profile.guess = FormatGuess(found, name: name, allowsNulls: sample.format == .csv)
        }
    }

    private static func opening(_ table: String, _ file: String, _ sample: ContractSample, nulls: [String]) -> String {
        let extent = sample.isWhole ? "all of the file" : "the front of the file"
        var text = """
            # Proposed from \(sample.rows.count) rows of \(YAMLText.comment(file)), \(extent). Later rows may differ:
            # check every line and classify personal data before you use the contract.
            apiVersion: v3.1.0
            kind: DataContract
            id: \(table)
            name: \(table)
            version: 0.1.0
            status: draft

            """
        var properties = ""
        if sample.brokenRows > 0 {
            properties += """
                  # The number of broken rows in the sample.
                  - property: quarantineRows
                    value: \(sample.brokenRows)

                """
        }
        properties += sample.guess?.properties ?? ""
        if !nulls.isEmpty {
            properties += """
                  # These stand for nulls in columns of numbers and dates. In text, too, they become null.
                  - property: csvNull
                    value: [\(nulls.map(YAMLText.scalar).joined(separator: ", "))]

                """
        }
        if !properties.isEmpty { text += "customProperties:\n\(properties)" }
        return text + """
            schema:
              - name: \(table)
                logicalType: object
                physicalType: table
                properties:

            """
    }

    /// The most likely key: a unique column without nulls that has a usual key name.
    private static func primaryKey(among columns: [ProposedColumn], of table: String) -> String? {
        let candidates = columns.filter(\.isKeyCandidate).map(\.name)
        let singular = table.hasSuffix("s") ? String(table.dropLast()) : table
        let usual = ["\(table)_id", "\(singular)_id", "id", "\(table)id", "\(singular)id", "uuid", "guid", "key"]
        return usual.lazy.compactMap { name in candidates.first { $0.lowercased() == name } }.first
    }
}
