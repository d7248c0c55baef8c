internal import ArgumentParser
internal import Control
internal import Iceberg
internal import JSON
internal import Lake
internal import Time

/// `cupel model list`: the models, their tables, and what became of their last builds.
struct ModelListCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List the models: rows of the table, last build, its error.",
        discussion: """
            A model that was never built has no rows and no build: it waits for a table
            that it reads, or silver has not started gold yet.

            EXAMPLES
              cupel model list
              cupel model list --json | jq '.models[] | select(.status == "error")'
            """)

    @OptionGroup var options: DeployedOptions
    @OptionGroup var form: OutputOptions

    @Option(help: "The folder of the models; default: those that come with cupel.")
    var models: String?

    private struct Row {
        let name: String
        let rows: Int?
        let record: ControlRecord?
    }

    func run() throws {
        let folder = try models ?? Installation.folder("models")
        let pipeline = try options.pipeline()
        let tables = try LakeTables(pipeline)
        var records: [String: ControlRecord] = [:]
        do throws(ControlError) {
            try pipeline.control.forEachRecord(.schema(.gold)) { (record) throws(ControlError) in
                records[record.objectKey] = record
                return true
            }
        } catch { throw pipeline.failure(error) }
        var rows: [Row] = []
        for layer in [Layer.silver, .gold] {
            for file in try FileKind.names(in: "\(folder)/\(layer.rawValue)") where file.hasSuffix(".sql") {
                let name = LakeTables.Name(database: layer.schema.rawValue, table: String(file.dropLast(".sql".count)))
                let snapshot = try tables.table(name)?.metadata.currentSnapshot
                rows.append(
                    Row(
                        name: name.qualified, rows: snapshot?.rowCount.map { Int($0) },
                        record: records["\(layer.rawValue)/\(file)"]))
            }
        }
        if form.isJSON {
            return StandardStream.output.line(JSON.object(["models": .array(rows.map(document))]).text)
        }
        var table = TextTable([
            .left("MODEL"), .right("ROWS"), .left("LAST BUILD"), .right("WRITTEN"), .right("MS"), .left("UPDATED"),
            .left("NOTE"),
        ])
        for row in rows {
            let record = row.record
            table.add([
                row.name, Quantity.count(row.rows), record?.status.rawValue ?? "-",
                Quantity.count(record?.writtenCount), Quantity.count(record?.durationInMilliseconds),
                record?.updatedAt.rfc3339 ?? "-",
                [record?.errorType, record?.errorMessage].compactMap(\.self).joined(separator: ": "),
            ])
        }
        table.print(to: .output)
    }

    private func document(_ row: Row) -> JSON {
        var object: JSONObject = ["model": .string(row.name)]
        object["rows"] = row.rows.map { .int($0) }
        object["status"] = row.record.map { .string($0.status.rawValue) }
        object["record"] = row.record.map { .object($0.document) }
        return .object(object)
    }
}
