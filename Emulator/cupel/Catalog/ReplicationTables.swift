internal import Contracts

/// The tables that AWS DMS replicates, in the template of change capture: those of the contracts, and no others.
///
/// A replication that includes all tables also reads those that no contract describes, at their full size.
/// - SeeAlso: <https://docs.aws.amazon.com/dms/latest/userguide/CHAP_Tasks.CustomizingTasks.TableMapping.SelectionTransformation.Selections.html>
struct ReplicationTables {
    private static let first = "# Tables: "
    private static let last = "# End of the tables."

    /// A table in a schema, as the template writes it: a name in quotes, or the parameter for contracts that name none.
    private let tables: [(schema: String, name: String)]

    init(_ contracts: [Contract]) {
        tables = contracts.sorted { $0.table < $1.table }.flatMap { contract in
            let schemas = contract.sourceSchemas.map { "\"\($0)\"" }
            return (schemas.isEmpty ? ["!Ref SourceSchema"] : schemas).map { ($0, contract.table) }
        }
    }

    /// `template` with these tables between its two marks; nil if it does not have both of them.
    func written(into template: String) -> String? {
        let lines = template.split(separator: "\n", omittingEmptySubsequences: false)
        func line(_ mark: String) -> Int? { lines.firstIndex { $0.drop { $0 == " " }.hasPrefix(mark) } }
        guard let start = line(Self.first), let end = line(Self.last), start < end else { return nil }
        let indentation = String(lines[start].prefix { $0 == " " })
        let written = rules.map { $0.isEmpty ? "" : indentation + $0 }
        return (lines[...start].map(String.init) + written + lines[end...].map(String.init)).joined(separator: "\n")
    }

    private var rules: [String] {
        let selections = tables.enumerated().flatMap { index, table in
            [
                "- rule-type: selection",
                #"  rule-id: "\#(index + 1)""#,
                #"  rule-name: "\#(index + 1)""#,
                "  rule-action: include",
                "  object-locator: { schema-name: \(table.schema), table-name: \(table.name) }",
            ]
        }
        let mappings = Set(tables.map(\.schema)).sorted().enumerated().flatMap { index, schema in
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
}
