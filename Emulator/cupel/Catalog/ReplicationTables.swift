internal import Contracts

/// The tables whose changes are captured, in the template of change capture: those of the contracts, and no others.
///
/// A replication that includes all tables also reads those that no contract describes, at their full size.
/// - SeeAlso: <https://docs.aws.amazon.com/dms/latest/userguide/CHAP_Tasks.CustomizingTasks.TableMapping.SelectionTransformation.Selections.html>
struct ReplicationTables {
    /// The lines that this writes stand between these.
    static let marks = [
        (first: "# Tables: ", last: "# End of the tables."), (first: "# Patterns: ", last: "# End of the patterns."),
    ]

    /// Without a schema, the table is in that of the template's parameter.
    private let tables: [(schema: String?, name: String)]

    init(_ contracts: [Contract]) {
        tables = contracts.sorted { $0.table < $1.table }.flatMap { contract in
            let schemas: [String?] = contract.sourceSchemas.isEmpty ? [nil] : contract.sourceSchemas
            return schemas.map { ($0, contract.table) }
        }
    }

    /// `template` with these tables between its marks; nil if it does not have all of them.
    func written(into template: String) -> String? {
        var lines = template.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        for (mark, written) in zip(Self.marks, [rules, patterns]) {
            func line(_ mark: String) -> Int? { lines.firstIndex { $0.drop { $0 == " " }.hasPrefix(mark) } }
            guard let start = line(mark.first), let end = line(mark.last), start < end else { return nil }
            let indentation = lines[start].prefix { $0 == " " }
            lines.replaceSubrange(start + 1..<end, with: written.map { indentation + $0 })
        }
        return lines.joined(separator: "\n")
    }

    /// The table mapping of AWS DMS.
    private var rules: [String] {
        func name(_ schema: String?) -> String { schema.map { "\"\($0)\"" } ?? "!Ref SourceSchema" }
        let selections = tables.enumerated().flatMap { index, table in
            [
                "- rule-type: selection",
                #"  rule-id: "\#(index + 1)""#,
                #"  rule-name: "\#(index + 1)""#,
                "  rule-action: include",
                "  object-locator: { schema-name: \(name(table.schema)), table-name: \(table.name) }",
            ]
        }
        let mappings = Set(tables.map { name($0.schema) }).sorted().enumerated().flatMap { index, schema in
            [
                "- rule-type: object-mapping",
                #"  rule-id: "\#(tables.count + index + 1)""#,
                #"  rule-name: "\#(tables.count + index + 1)""#,
                "  rule-action: map-record-to-record",
                #"  object-locator: { schema-name: \#(schema), table-name: "%" }"#,
                "  mapping-parameters: { partition-key-type: primary-key }",
            ]
        }
        return selections + ["# The changes of one row share a shard, so they stay in order."] + mappings
    }

    /// The variable of change-capture.
    private var patterns: [String] {
        let names = tables.map { "\($0.schema ?? "${SourceSchema}").\($0.name)" }
        return [#"- { Name: TABLES, Value: !Sub "\#(names.joined(separator: ","))" }"#]
    }
}
