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
    private static let partitionFileLimit = 2000
    private static let qualityRecordLimit = 2000
    private static let historyRecordLimit = 2000
    private static let historyTime = Duration.milliseconds(200)
    /// Files of a rule's trend.
    private static let trendLimit = 60

    func tables(patience: Duration?) throws(ConsoleFault) -> JSON {
        let rows = try commandFaults { () throws(CommandFailure) in
            try TableListCommand.rows(of: try LakeTables(pipeline))
        }
        let flow = try flow(patience: patience)
        let counts = memory.reading.counts(of: .bronze)
        return [
            "tables": .array(rows.map(\.document)), "days": .array(counts.map(Self.days) ?? []),
            "truncated": .bool(counts?.isMore ?? true), "is_counting": flow["is_counting"] ?? false,
            "is_old": flow["is_old"] ?? false,
        ]
    }

    /// Rows and failed files of bronze by table and by the day on which the file arrived: the flow page's counts have them.
    private static func days(_ counts: LayerCounts) -> [JSON] {
        counts.days.sorted { ($0.key.day, $0.key.table) < ($1.key.day, $1.key.table) }.map { day, sum -> JSON in
            [
                "table": .string(day.table), "day": .string(day.day), "rows": .int(sum.rows),
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
            var document = description.document(fileLimit: Self.partitionFileLimit).object ?? [:]
            let listed = document["data_files"]?.array ?? []
            document["partitions"] = .array(Self.partitions(of: listed))
            document["data_files"] = .array(Array(listed.prefix(Self.fileLimit)))
            var history = SnapshotHistory(table.metadata, limit: Self.snapshotLimit)
            try add(filesOf: found, to: &history)
            document["snapshots"] = history.document
            document["schemas"] = .array(Self.schemas(table.metadata.schemas))
            document["quality"] = .array(found.layer == .silver ? try quality(of: found.table) : [])
            return .object(document)
        }
    }

    /// Adds the files of each batch to a history, as far as a short search of the table's records finds them.
    private func add(filesOf name: LakeTables.Name, to history: inout SnapshotHistory) throws(ConsoleFault) {
        let batches = history.entries.compactMap { $0.batch?.id }
        guard let layer = name.layer, !batches.isEmpty else { return }
        var filter = Expression("", names: ["#batch_id": "batch_id"])
        for (place, batch) in batches.enumerated() { filter.values[":batch\(place)"] = .string(batch) }
        filter.text = batches.indices.map { "#batch_id = :batch\($0)" }.joined(separator: " OR ")
        let query = RecordQuery(layer: layer, table: name.table, filter: filter)
        var records: [ControlRecord] = []
        try forEachPage(of: query, limit: 1000, within: Self.historyTime) { (page) throws(ConsoleFault) in
            for item in page.items { records.append(try ControlRecord(document: item, in: pipeline)) }
            return records.count < Self.historyRecordLimit
        }
        try commandFaults { () throws(CommandFailure) in
            try history.add { (body) throws(CommandFailure) in for record in records { body(record) } }
        }
    }

    /// The partitions of data files, with what is in each.
    private static func partitions(of files: [JSON]) -> [JSON] {
        var sums: [String: (files: Int, rows: Int, bytes: Int)] = [:]
        for file in files {
            let values = file["partition"]?.object ?? [:]
            guard !values.isEmpty else { continue }
            let name = values.map { "\($0.name)=\($0.value.string ?? $0.value.text)" }.joined(separator: "/")
            var sum = sums[name] ?? (0, 0, 0)
            sum.files += 1
            sum.rows += file["rows"]?.int ?? 0
            sum.bytes += file["bytes"]?.int ?? 0
            sums[name] = sum
        }
        return sums.sorted { $0.key > $1.key }.map { name, sum in
            [
                "partition": .string(name), "files": .int(sum.files), "rows": .int(sum.rows),
                "bytes": .int(sum.bytes),
            ]
        }
    }

    /// The table's schemas, newest first, with what each changed.
    private static func schemas(_ schemas: [IcebergSchema]) -> [JSON] {
        var documents: [JSON] = []
        var former: IcebergSchema?
        for schema in schemas.sorted(by: { $0.id < $1.id }) {
            var changes: [String] = []
            if let former {
                for field in schema.fields {
                    guard let old = former.fields.first(where: { $0.id == field.id }) else {
                        changes.append("added \(field.name), \(field.type)")
                        continue
                    }
                    if old.name != field.name { changes.append("renamed \(old.name) to \(field.name)") }
                    if "\(old.type)" != "\(field.type)" {
                        changes.append("\(field.name): \(old.type) became \(field.type)")
                    }
                    if old.isRequired != field.isRequired {
                        changes.append("\(field.name) is \(field.isRequired ? "required" : "optional")")
                    }
                }
                for old in former.fields where !schema.fields.contains(where: { $0.id == old.id }) {
                    changes.append("dropped \(old.name)")
                }
            }
            documents.insert(
                [
                    "schema_id": .int(schema.id), "columns": .int(schema.fields.count),
                    "changes": .array(changes.map { .string($0) }),
                ], at: 0)
            former = schema
        }
        return documents
    }

    /// What the contract's rules measured in the newest files of a table, oldest first.
    private func quality(of table: String) throws(ConsoleFault) -> [JSON] {
        let records = try faults { () throws(ControlError) in
            try pipeline.control.records(.table(table, in: .bronze), limit: Self.qualityRecordLimit)
        }
        let newest = records.filter { !$0.quality.isEmpty && $0.finishedAt != nil }
            .sorted { ($0.finishedAt ?? $0.updatedAt) < ($1.finishedAt ?? $1.updatedAt) }.suffix(Self.trendLimit)
        var order: [String] = []
        var rules: [String: (rule: MeasuredRule, files: [JSON])] = [:]
        for record in newest {
            for rule in record.quality {
                let name = "\(rule.rule) \(rule.column ?? "")"
                if rules[name] == nil { order.append(name) }
                var known = rules[name] ?? (rule, [])
                known.rule = rule
                known.files.append([
                    "control_id": .string(record.controlID.text),
                    "at": .string((record.finishedAt ?? record.updatedAt).rfc3339),
                    "measured": JSONNumber(rule.measured).map(JSON.number) ?? .null,
                    "outcome": .string(rule.outcome.rawValue),
                ])
                rules[name] = known
            }
        }
        return order.compactMap { rules[$0] }.map { rule, files in
            [
                "rule": .string(rule.rule), "column": rule.column.map { .string($0) } ?? .null,
                "expected": .string(rule.expected), "severity": .string(rule.severity), "files": .array(files),
            ]
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
            let advice = QueryAdvice(pipeline: pipeline, workGroup: client.workGroup, databases: databases)
                .advice(on: message)
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
                try add(filesOf: name, to: &history)
                let sources = history.entries.flatMap { $0.document["sources"]?.array ?? [] }
                let schema = table.metadata.currentSchema
                let own = try columns(ofContract: name.table)
                others.append([
                    "table": .string(name.qualified),
                    "key": .array(schema.identifierIDs.compactMap { schema.field($0) }.map { .string($0.name) }),
                    "files": .array(Array(sources.prefix(20))),
                    "columns": .object(
                        JSONObject(
                            schema.fields.map { field in
                                (
                                    field.name,
                                    // Silver adds columns of its own, and derives some. A table of gold is made by
                                    // a model, or by somebody else.
                                    name.layer != .silver || own.map { !$0.contains(field.name) } ?? false
                                        ? []
                                        : [
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
