internal import ArgumentParser
internal import Contracts

/// `cupel catalog`: writes the AWS Glue tables of bronze from the contracts.
struct CatalogCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "catalog",
        abstract: "Write the CloudFormation template of the bronze tables from the contracts.",
        discussion: """
            Writes one AWS Glue table for each contract, with projected partitions. After
            a contract has changed, write infra/tables.yaml again and deploy it.

            With --replication, writes the tables whose changes are captured into a
            template instead. `make deploy` does that by itself.

            EXAMPLES
              cupel catalog -o infra/tables.yaml
              cupel catalog --replication infra/capture.yaml
              cupel catalog --contracts my-contracts
            """)

    @Option(help: ArgumentHelp("The folder of the data contracts.", valueName: "dir"))
    var contracts: String?

    @Option(name: [.customShort("o"), .long], help: "The file to write; default: standard output.")
    var output: String?

    @Option(help: ArgumentHelp("Write the captured tables into this template.", valueName: "template"))
    var replication: String?

    func validate() throws {
        guard replication == nil || output == nil else {
            throw ValidationError("--replication writes its own file; leave out --output.")
        }
    }

    func run() throws {
        let folder = try self.contracts ?? Installation.folder("contracts")
        let contracts: [Contract]
        do throws(ContractError) {
            let catalog = try ContractCatalog(directory: folder)
            for warning in catalog.warnings { StandardStream.error.line("warning: \(warning)") }
            contracts =
                try catalog.tables.map { table throws(ContractError) in try catalog.contract(forTable: table) }
        } catch { throw CommandFailure.failed("\(error)") }
        if let replication { return try write(ReplicationTables(contracts), into: replication) }
        for contract in contracts {
            for place in contract.bronzeColumns.flatMap(\.leaves) where place.field.type == .uint64 {
                throw CommandFailure.failed(
                    "\(contract.table), column \(place.path): Athena has no type for unsigned integers of 64 bits and "
                        + "would read large values as negative ones; declare logicalType number, physicalType "
                        + "decimal(20,0)")
            }
        }
        let text = GlueTemplate(contracts).text
        if let output {
            try FileContent.write(Array(text.utf8), to: output)
        } else {
            StandardStream.output.write(text)
        }
    }

    private func write(_ tables: ReplicationTables, into path: String) throws {
        let template = String(decoding: try FileContent.read(path), as: UTF8.self)
        guard let text = tables.written(into: template) else {
            let marks = ReplicationTables.marks.map { "\"\($0.first)…\" and \"\($0.last)\"" }
            throw CommandFailure.failed(
                "\(path): expected the lines \(marks.joined(separator: ", ")), as infra/capture.yaml has them")
        }
        if text != template { try FileContent.write(Array(text.utf8), to: path) }
    }
}
