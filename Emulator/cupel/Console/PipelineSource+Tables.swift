internal import AWSClient
internal import AWSModels
internal import Console
internal import Control
internal import Iceberg
internal import JSON
internal import Lake
internal import Time

extension PipelineSource {
    private static let fileLimit = 100
    private static let snapshotLimit = 50

    func tables() throws(ConsoleFault) -> JSON {
        let rows = try commandFaults { () throws(CommandFailure) in
            try TableListCommand.rows(of: try LakeTables(pipeline))
        }
        return ["tables": .array(rows.map(\.document)), "days": .array(try days())]
    }

    /// Rows and failed files of bronze by table and by the day on which the file arrived.
    private func days() throws(ConsoleFault) -> [JSON] {
        struct Cell: Hashable {
            let table: String
            let day: String
        }
        var cells: [Cell: (rows: Int, files: Int, failed: Int)] = [:]
        let page = try faults { () throws(ControlError) in try pipeline.control.page(.schema(.bronze), limit: 1000) }
        for record in page.records {
            let cell = Cell(table: record.table, day: String(record.createdAt.rfc3339.prefix(10)))
            var sum = cells[cell] ?? (0, 0, 0)
            sum.rows += record.writtenCount ?? 0
            sum.files += 1
            if record.status == .error { sum.failed += 1 }
            cells[cell] = sum
        }
        return cells.sorted { ($0.key.day, $0.key.table) < ($1.key.day, $1.key.table) }.map { cell, sum in
            [
                "table": .string(cell.table), "day": .string(cell.day), "rows": .int(sum.rows),
                "files": .int(sum.files), "failed_files": .int(sum.failed),
            ]
        }
    }

    func table(_ name: String) throws(ConsoleFault) -> JSON {
        try anyFaults {
            let tables = try LakeTables(pipeline)
            let (found, table) = try tables.find(name)
            let backlog = try tables.backlog()[found] ?? LakeTables.Backlog()
            let files = try tables.files(of: table.metadata.currentSnapshot, table)
            let description = TableDescription(name: found, table: table, files: files, backlog: backlog)
            var document = description.document(fileLimit: Self.fileLimit).object ?? [:]
            var history = SnapshotHistory(table.metadata, limit: Self.snapshotLimit)
            try history.add(filesOf: found, in: pipeline)
            document["snapshots"] = history.document
            return .object(document)
        }
    }

    // MARK: SQL

    /// What a statement may begin with: the console only reads.
    private static let readingWords: Set<String> = ["select", "with", "values", "show", "describe", "desc", "explain"]

    func query(_ statement: String, limit: Int) throws(ConsoleFault) -> JSON {
        var columns: [AthenaClient.Column] = []
        var rows: [JSON] = []
        let execution = try answer(statement) { found, page in
            columns = found
            for row in page.prefix(limit - rows.count) {
                rows.append(.array(row.map { $0.map(JSON.string) ?? .null }))
            }
            return rows.count < limit
        }
        return [
            "columns": .array(columns.map { ["name": .string($0.name), "type": .string($0.type)] }),
            "rows": .array(rows), "truncated": .bool(rows.count >= limit),
            "scanned_bytes": .int(execution?.bytesScanned ?? 0), "milliseconds": .int(execution?.milliseconds ?? 0),
        ]
    }

    /// The rows of a file are kept in memory until it is sent.
    private static let parquetRowLimit = 200_000

    func parquet(_ statement: String) throws(ConsoleFault) -> JSON {
        var bytes: [UInt8] = []
        var file: ParquetRows?
        var count = 0
        _ = try answer(statement) { columns, page in
            let rows: ParquetRows
            if let file { rows = file } else { rows = try ParquetRows(columns) { bytes += $0 } }
            file = rows
            try rows.append(page)
            count += page.count
            guard count <= Self.parquetRowLimit else {
                throw ConsoleFault.badRequest(
                    "more than \(Self.parquetRowLimit) rows; cupel query -o rows.parquet writes any number")
            }
            return true
        }
        try anyFaults { try file?.finish() }
        return ["parquet": .string(bytes.base64), "row_count": .int(count)]
    }

    /// Runs a statement that reads, and gives its rows page by page.
    private func answer(
        _ statement: String, _ body: ([AthenaClient.Column], [[String?]]) throws -> Bool
    ) throws(ConsoleFault) -> AthenaClient.Execution? {
        let first = SQLPiece.pieces(of: statement).first { $0.kind == .word }?.word ?? ""
        guard Self.readingWords.contains(first) else {
            throw .badRequest(
                "the console only reads: expected SELECT, WITH, SHOW, DESCRIBE or EXPLAIN first; "
                    + "cupel query takes other statements")
        }
        let location = pipeline.lakeBucket.isEmpty ? nil : "s3://\(pipeline.lakeBucket)/athena/"
        let databases = QueryTables.databases(of: pipeline)
        let client = AthenaClient(
            client: pipeline.client, workGroup: pipeline.workGroup ?? "primary", database: databases["silver"],
            outputLocation: location)
        var written: LayerNames.Written?
        func explained(_ message: String) -> ConsoleFault {
            let message = TemporaryTables.restoring(written?.message(message) ?? message)
            let advice = QueryAdvice(pipeline: pipeline, databases: databases).advice(on: message)
            return .badRequest(message + (advice.map { "\n\($0)" } ?? ""))
        }
        do {
            var execution: AthenaClient.Execution?
            let tables = QueryTables(pipeline: pipeline, location: location) { false }
            try tables.withStatement(statement) { text in
                written = text
                let found = try client.run(text.text)
                execution = found
                try client.forEachPage(of: found, body)
            }
            return execution
        } catch let fault as ConsoleFault {
            throw fault
        } catch let failure as AthenaClient.Failure {
            throw explained(failure.message)
        } catch let error as AWSError {
            if case .service("InvalidRequestException", let message, _, _, _) = error { throw explained(message) }
            throw fault(pipeline.failure(error))
        } catch let error as ControlError {
            throw fault(pipeline.failure(error))
        } catch let failure as CommandFailure {
            throw fault(failure)
        } catch {
            throw .failed("\(error)")
        }
    }

    // MARK: Lineage

    func lineage() throws(ConsoleFault) -> JSON {
        var tables = ModelReaders.all().models.map(\.document)
        let described = Set(tables.compactMap { $0["table"]?.string })
        let others: [JSON] = try anyFaults {
            let lake = try LakeTables(pipeline)
            var others: [JSON] = []
            for name in try lake.names() where !described.contains(name.qualified) {
                guard let table = try lake.table(name) else { continue }
                var history = SnapshotHistory(table.metadata, limit: 5)
                try history.add(filesOf: name, in: pipeline)
                let sources = history.entries.flatMap { $0.document["sources"]?.array ?? [] }
                let schema = table.metadata.currentSchema
                others.append([
                    "table": .string(name.qualified),
                    "key": .array(schema.identifierIDs.compactMap { schema.field($0) }.map { .string($0.name) }),
                    "files": .array(Array(sources.prefix(20))),
                    "columns": .object(
                        JSONObject(
                            schema.fields.map { field in
                                (
                                    field.name,
                                    [
                                        [
                                            "table": .string("bronze.\(name.table)"), "column": .string(field.name),
                                            "kind": "IDENTITY",
                                        ]
                                    ]
                                )
                            })),
                ])
            }
            return others
        }
        tables += others
        return ["tables": .array(tables)]
    }
}
