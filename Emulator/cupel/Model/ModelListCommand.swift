internal import ArgumentParser
internal import AWSClient
internal import Control
internal import Iceberg
internal import JSON
internal import Lake
internal import PublishedModels
internal import Time
internal import Publication

/// `cupel model list`: the models, their tables, and what became of their last builds.
struct ModelListCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List the models: rows of the table, last build, its error.",
        discussion: """
            A model that was never built has no rows and no build: it waits for a table
            that it reads, or silver has not started gold yet. PUBLISHED is the version of
            a model that was published; others are those of the package.

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
        /// The version that was published; nil for a model of the package.
        let published: String?
    }

    private func published(in pipeline: Pipeline) throws(CommandFailure) -> ModelIndex {
        do throws(PublishedModelError) {
            let store = ModelStore(bucket: pipeline.lakeBucket, objects: ObjectStore(pipeline.client))
            return try store.index()?.index ?? ModelIndex()
        } catch {
            guard case .aws(let error) = error else { throw .failed("\(error)") }
            throw pipeline.failure(error)
        }
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
        let index = try published(in: pipeline)
        let names = Set(try ModelSource.names(in: folder)).subtracting(index.removed.keys).union(index.entries.keys)
        // Silver's come first: gold's may read them.
        let isSilver = { (name: String) in name.hasPrefix("dm_silver.") }
        for text in names.filter(isSilver).sorted() + names.filter({ !isSilver($0) }).sorted() {
            let parts = text.split(separator: ".", maxSplits: 1).map(String.init)
            guard parts.count == 2 else { continue }
            let name = LakeTables.Name(database: parts[0], table: parts[1])
            let snapshot = try tables.table(name)?.metadata.currentSnapshot
            let path = "\(parts[0].dropFirst("dm_".count))/\(parts[1]).sql"
            rows.append(
                Row(
                    name: name.qualified, rows: snapshot?.rowCount.map { Int($0) }, record: records[path],
                    published: index.entries[text]?.version))
        }
        if form.isJSON {
            return StandardStream.output.line(JSON.object(["models": .array(rows.map(document))]).text)
        }
        var table = TextTable([
            .left("MODEL"), .left("PUBLISHED"), .right("ROWS"), .left("LAST BUILD"), .right("WRITTEN"), .right("MS"),
            .left("UPDATED"),
            .left("NOTE"),
        ])
        for row in rows {
            let record = row.record
            table.add([
                row.name, row.published ?? "-", Quantity.count(row.rows), record?.status.rawValue ?? "-",
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
        object["published"] = row.published.map { .string($0) }
        object["status"] = row.record.map { .string($0.status.rawValue) }
        object["record"] = row.record.map { .object($0.document) }
        return .object(object)
    }
}
