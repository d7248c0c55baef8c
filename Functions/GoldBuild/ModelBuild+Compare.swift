internal import DuckDB
internal import Iceberg
internal import JSON
internal import Lake

extension ModelBuild {
    /// Runs the statement over all rows of its inputs and compares the result with the table, which stays as it is.
    /// - Parameters:
    ///   - stored: the table as it is; nil if it is not there.
    ///   - limit: how many rows of each kind are shown.
    func compare(with stored: LakeCatalog.Table?, examples limit: Int) throws -> JSON {
        let folder = try WorkFolder(in: settings.temporaryFolder)
        let work = try work(in: folder.path)
        let (query, place) = try query(nil, work, script)
        _ = try ask(query.statements, after: query.preparation, in: work.folder)
        let result = ResultFiles.relation(at: place)
        var answer: JSONObject = ["outcome": "compared", "model": .string("\(model.name)")]
        let audit = Audit(model, table.columns, relation: result)
        do {
            let measured = try ask(audit.statement, after: [], in: work.folder)
            _ = try audit.findings(measured.last ?? "", besides: 0)
        } catch GoldError.quality(let place, let reason, _) {
            answer["failure"] = .string("\(place): \(reason)")
        }
        var views: [String] = []
        if let stored, let snapshot = stored.metadata.currentSnapshot {
            let version = TableVersion(model.name, stored.metadata, snapshot)
            let files = try version.files(storage, keeping: .all)
            views.append(
                try work.copy.view(
                    "stored", of: files.files, in: version, without: files.deleted,
                    columns: stored.metadata.currentSchema.fields, at: "stored"))
        }
        let schema = stored?.metadata.currentSnapshot == nil ? nil : stored?.metadata.currentSchema
        let difference = ModelDifference(
            table.columns, schema, isKeyUnique: try isKeyUnique(result, work), new: result,
            old: views.isEmpty ? ModelDifference.nothing(table.columns) : "stored")
        guard let line = try ask(difference.counting, after: views, in: work.folder).last,
            let counts = difference.counts(line)
        else { throw GoldError.model(place: model.path, reason: "the engine did not count the rows that differ") }
        answer["rows"] = .int(counts.rows)
        answer["stored"] = schema == nil ? .null : stored?.metadata.currentSnapshot?.rowCount.map { .int($0) } ?? .null
        answer["key"] = .array(difference.columns.filter(\.isKey).map { .string($0.name) })
        answer["added"] = .int(counts.added)
        answer["removed"] = .int(counts.removed)
        answer["changed"] = .int(counts.changed)
        answer["columns"] = schema == nil ? [] : difference.columnChanges(counts)
        answer["examples"] = .array(try examples(difference, limit, views, work))
        if let stored {
            do { try table.check(stored.metadata) } catch { answer["refused"] = .string("\(error)") }
        }
        return .object(answer)
    }

    /// Fewer than asked for if their texts are too long.
    private func examples(
        _ difference: ModelDifference, _ limit: Int, _ views: [String], _ work: Work
    ) throws -> [JSON] {
        guard let statement = difference.examples(limit) else { return [] }
        do {
            return try ask(statement, after: views, in: work.folder).compactMap(difference.example)
        } catch is ChangedPeriods.AnswerTooLong {
            return try examples(difference, limit / 2, views, work)
        }
    }

    private func isKeyUnique(_ result: String, _ work: Work) throws -> Bool {
        let key = table.columns.filter(\.isKey).map { DuckDBText.name($0.name) }.joined(separator: ", ")
        guard !key.isEmpty else { return false }
        let repeated = "SELECT count(*) FROM (SELECT 1 FROM \(result) r GROUP BY \(key) HAVING count(*) > 1 LIMIT 1);"
        return try ask(repeated, after: [], in: work.folder).last == "0"
    }
}
