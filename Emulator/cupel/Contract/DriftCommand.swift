internal import ArgumentParser
internal import ContractTools
internal import Contracts
internal import Control
internal import JSON

/// `cupel contract drift`: what sources send that contracts do not say, and the change that takes it up.
struct DriftCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "drift",
        abstract: "Show where sources differ from the contracts in force, and propose the change.",
        discussion: """
            Compares the contracts with what the source of the change stream says about
            its tables (AWS DMS: new, dropped and retyped columns), and with the unknown
            fields of bronze's rows. For new columns it prints the lines of the contract.

            EXIT STATUS
              0  no difference
              1  there are differences

            EXAMPLES
              cupel contract drift
              cupel contract drift --table orders --profile prod --stack cupel-prod
            """)

    @OptionGroup var options: DeployedOptions

    @Option(help: "Only this table.")
    var table: String?

    @Flag(help: "Print one JSON document.")
    var json = false

    func run() throws {
        let pipeline = try options.pipeline()
        let records = try pipeline.bronzeRecords(ofTable: table)
        let packaged = try? ContractCatalog(directory: options.contractsFolder())
        let drifts = try pipeline.schemaDrift(of: records, packaged: packaged, table: table)
        if json {
            StandardStream.output.line(JSON.object(["drift": .array(drifts.map(\.document))]).text)
        } else if drifts.isEmpty {
            StandardStream.output.line("no difference")
        } else {
            Self.print(drifts)
        }
        guard drifts.isEmpty else { throw CommandFailure.silent(status: 1) }
    }

    private static func print(_ drifts: [SchemaDrift]) {
        for (table, changes) in Dictionary(grouping: drifts, by: \.table).sorted(by: { $0.key < $1.key }) {
            StandardStream.output.line(table)
            for change in changes {
                StandardStream.output.line("  \(change.column.map { "\($0): " } ?? "")\(change.message)")
            }
            let lines = changes.compactMap(\.contractLine)
            guard !lines.isEmpty else { continue }
            StandardStream.output.line(
                "  To take them up, add to the properties, raise the version's second number, publish, and replay with --force:"
            )
            for line in lines { StandardStream.output.line("    \(line)") }
        }
    }
}

extension SchemaDrift {
    var document: JSON {
        var members: JSONObject = ["table": .string(table), "kind": .string(kind.rawValue)]
        members["column"] = column.map(JSON.string)
        members["message"] = .string(message)
        members["contract_line"] = contractLine.map(JSON.string)
        return .object(members)
    }
}

extension Pipeline {
    /// Bronze's control records, of one table or of all.
    fileprivate func bronzeRecords(ofTable table: String?) throws(CommandFailure) -> [ControlRecord] {
        let query: ControlQuery =
            if let table { .table(table, in: Layer.bronze.schema) } else { .schema(Layer.bronze.schema) }
        var records: [ControlRecord] = []
        do throws(ControlError) {
            try control.forEachRecord(query) { (record) throws(ControlError) in
                if !record.unknownFields.isEmpty { records.append(record) }
                return true
            }
        } catch { throw failure(error) }
        return records
    }
}
