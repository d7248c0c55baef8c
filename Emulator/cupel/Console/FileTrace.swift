internal import AWSClient
internal import AWSModels
internal import Control
internal import Iceberg
internal import JSON
internal import Lake
internal import Time

/// One file's life: from its raw object to the tables that read it.
struct FileTrace {
    /// What happened to the file, in the order of the data.
    struct Step {
        let title: String
        let state: String
        var at: Timestamp?
        var waited: Int?
        var took: Int?
        /// The page of the console that has more.
        var link: String?
        var facts: JSONObject = [:]
    }

    let pipeline: Pipeline
    /// The record that was asked for.
    let record: ControlRecord
    private(set) var bronze: ControlRecord?
    private(set) var silver: ControlRecord?
    /// Records of other versions of the object, and of its other layers.
    private(set) var others: [ControlRecord] = []
    private(set) var steps: [Step] = []
    private(set) var quarantined: [JSON] = []

    private static let rowLimit = 20

    /// - Parameter text: a control ID, the first digits of one, or the key of an object.
    init(of text: String, in pipeline: Pipeline) throws(CommandFailure) {
        self.pipeline = pipeline
        do {
            record = try Self.record(text, in: pipeline)
            let sameKey = try pipeline.control.records(.objectKey(record.objectKey), limit: 100)
            var others = sameKey.filter { $0.controlID != record.controlID }
            switch record.schema {
            case .bronze:
                bronze = record
                if let key = record.outputKey {
                    let next = try pipeline.control.records(.objectKey(key), limit: 10)
                    silver = next.first { $0.schema == .silver }
                    others += next
                }
            case .silver:
                silver = record
                if let key = record.sourceKey {
                    let earlier = try pipeline.control.records(.objectKey(key), limit: 100)
                    bronze = earlier.first { $0.schema == .bronze && $0.outputKey == record.objectKey }
                    others += earlier
                }
            case .gold: break
            }
            self.others = others
        } catch let error as ControlError {
            throw pipeline.failure(error)
        } catch let failure as CommandFailure {
            throw failure
        } catch {
            throw .failed("\(error)")
        }
        if let bronze { try add(bronze: bronze) }
        if let silver { try add(silver: silver) }
        if record.schema == .gold { steps.append(build(record)) } else { try addGold() }
        if let key = (bronze ?? record).quarantineKey { quarantined = try rows(of: key) }
    }

    private static func record(_ text: String, in pipeline: Pipeline) throws -> ControlRecord {
        if text.contains("/") || text.contains(".") {
            let prefix = "s3://"
            let key =
                text.hasPrefix(prefix)
                ? text.dropFirst(prefix.count).split(separator: "/", maxSplits: 1).dropFirst().joined() : text
            let found = try pipeline.control.records(.objectKey(key), limit: 100)
            guard let newest = found.max(by: { $0.createdAt < $1.createdAt }) else {
                throw CommandFailure.notFound(
                    "no control record is of the object \(key); cupel status lists keys, and a file's name alone is none"
                )
            }
            return newest
        }
        let id = try pipeline.controlID(text)
        guard let record = try pipeline.control.record(id) else {
            throw CommandFailure.notFound("no control record has the ID \(id)")
        }
        return record
    }

    // MARK: Steps

    private mutating func add(bronze record: ControlRecord) throws(CommandFailure) {
        var raw = Step(title: "Raw object", state: "there")
        raw.facts = ["bucket": .string(record.bucket), "key": .string(record.objectKey)]
        raw.facts["size_in_bytes"] = .int(record.fileSizeInBytes)
        do throws(AWSError) {
            _ = try ObjectStore(pipeline.client).head(S3Object(bucket: record.bucket, key: record.objectKey))
        } catch {
            guard error.isNotFound || error.isForbidden else { throw pipeline.failure(error) }
            raw = Step(title: "Raw object", state: error.isNotFound ? "gone" : "not readable", facts: raw.facts)
        }
        raw.at = record.createdAt
        steps.append(raw)
        var recorded = Step(title: "Recorded", state: "success", at: record.createdAt)
        recorded.facts = [
            "control_id": .string(record.controlID.text), "version": record.document["object_version"] ?? .null,
        ]
        steps.append(recorded)
        if let target = record.computeTarget {
            var route = Step(title: "Routed", state: "success")
            route.link =
                FileExecution.arn(of: record, machine: pipeline.stateMachine("ingestion"), pipeline.client).map {
                    "executions/\($0)"
                }
                ?? (target == .lambda ? "flow/dispatch-machine" : "executions?machine=ingestion")
            route.facts = ["to": .string(target.rawValue)]
            route.facts["estimated_rows"] = record.estimatedRecordCount.map { .int($0) }
            steps.append(route)
        }
        guard record.attemptCount > 0 || record.status != .pending else {
            return steps.append(Step(title: "Bronze", state: record.status.rawValue))
        }
        var bronze = Step(title: "Bronze", state: record.status.rawValue, at: record.finishedAt ?? record.startedAt)
        bronze.waited = record.startedAt.map { Int($0.milliseconds(since: record.createdAt)) }
        bronze.took = record.durationInMilliseconds
        bronze.facts = ["attempts": .int(record.attemptCount)]
        bronze.facts["rows_read"] = record.recordCount.map { .int($0) }
        bronze.facts["rows_written"] = record.writtenCount.map { .int($0) }
        bronze.facts["rows_quarantined"] = record.quarantinedCount.map { .int($0) }
        bronze.facts["contract"] = record.contractVersion.map { .string($0) }
        if !record.maskedColumns.isEmpty {
            bronze.facts["masked_columns"] = .array(record.maskedColumns.map { .string($0) })
        }
        bronze.facts["output"] = record.outputKey.map { .string($0) }
        if let error = record.errorMessage {
            bronze.facts["error"] = .string([record.errorType, error].compactMap(\.self).joined(separator: ": "))
        }
        steps.append(bronze)
    }

    private mutating func add(silver record: ControlRecord) throws(CommandFailure) {
        var step = Step(title: "Silver", state: record.status.rawValue, at: record.finishedAt ?? record.updatedAt)
        step.link = "tables/dm_silver.\(record.table)"
        step.took = record.durationInMilliseconds
        // A file that was replayed to the same bytes is in silver since before.
        if let before = bronze?.finishedAt, let at = step.at, at >= before {
            step.waited = Int(at.milliseconds(since: before))
        }
        step.facts = ["table": .string("dm_silver.\(record.table)")]
        step.facts["batch"] = record.batchID.map { .string($0) }
        if let error = record.errorMessage {
            step.facts["error"] = .string([record.errorType, error].compactMap(\.self).joined(separator: ": "))
        }
        if let batch = record.batchID {
            let name = LakeTables.Name(database: ControlRecord.Schema.silver.rawValue, table: record.table)
            if let table = try LakeTables(pipeline).table(name),
                let snapshot = table.metadata.snapshots.first(where: { $0.batch?.id == batch })
            {
                step.facts["snapshot"] = .int(snapshot.sequenceNumber)
                step.facts["committed_at"] = .string(snapshot.time)
                step.facts["rows_inserted"] = snapshot.batch?.inserted.map { .int($0) }
                step.facts["rows_updated"] = snapshot.batch?.updated.map { .int($0) }
            }
        }
        steps.append(step)
    }

    /// The models, each with its last build. A model is small and there are few, so all that may read the table are listed.
    private mutating func addGold() throws(CommandFailure) {
        guard let silver, silver.status == .success else { return }
        let readers = ModelReaders.all().readers(of: "dm_silver.\(silver.table)")
        do throws(ControlError) {
            for record in try pipeline.control.records(.schema(.gold), limit: 1000)
            where readers.contains(Self.table(of: record)) {
                steps.append(build(record))
            }
        } catch { throw pipeline.failure(error) }
    }

    private func build(_ record: ControlRecord) -> Step {
        let name = Self.table(of: record)
        var step = Step(
            title: name.hasPrefix("dm_silver.") ? "Silver model" : "Gold", state: record.status.rawValue,
            at: record.finishedAt ?? record.updatedAt)
        step.took = record.durationInMilliseconds
        step.link = "tables/\(name)"
        step.facts = ["table": .string(name)]
        step.facts["rows_written"] = record.writtenCount.map { .int($0) }
        if let error = record.errorMessage {
            step.facts["error"] = .string([record.errorType, error].compactMap(\.self).joined(separator: ": "))
        }
        return step
    }

    /// The table of a model's record, whose key is `gold/top_drinkers.sql`.
    private static func table(of record: ControlRecord) -> String {
        let parts = record.objectKey.split(separator: "/")
        guard parts.count == 2, parts[1].hasSuffix(".sql") else { return "dm_gold.\(record.table)" }
        return "dm_\(parts[0]).\(parts[1].dropLast(".sql".count))"
    }

    private func rows(of key: String) throws(CommandFailure) -> [JSON] {
        guard !pipeline.lakeBucket.isEmpty else { return [] }
        let columns = OperationTable.quarantineRows.columns.map(\.name)
        var rows: [JSON] = []
        do {
            try QuarantineRows(
                pipeline.client, bucket: pipeline.lakeBucket, QueryConditions(values: ["quarantine_key": [key]])
            ).forEach { cells in
                rows.append(PipelineSource.row(cells, columns))
                return rows.count < Self.rowLimit
            }
        } catch let failure as CommandFailure {
            throw failure
        } catch let error as AWSError {
            throw pipeline.failure(error)
        } catch {
            throw .failed("\(error)")
        }
        return rows
    }

    // MARK: Forms

    /// The logs that can have lines of the file.
    private var logs: [JSON] {
        func log(_ function: String, _ record: ControlRecord) -> JSON {
            let isTask = record.computeTarget == .ecs
            var log: JSONObject = ["function": .string(function), "kind": .string(isTask ? "task" : "function")]
            // A function's lines of one invocation; a task has a log of its own time.
            if !isTask { log["request_id"] = record.requestID.map { .string($0) } }
            log["from"] = record.startedAt.map { .int($0.milliseconds - 1000) }
            log["to"] = record.finishedAt.map { .int($0.milliseconds + 2000) }
            return .object(log)
        }
        var logs: [JSON] = []
        if let bronze, bronze.attemptCount > 0 {
            logs.append(log("bronze-writer", bronze))
            // The record knows the last attempt; the log has what each one said of the record.
            var attempts: JSONObject = [
                "function": "bronze-writer", "title": "Every attempt, in the log of bronze-writer",
            ]
            attempts["kind"] = bronze.computeTarget == .ecs ? "task" : "function"
            attempts["text"] = .string(bronze.controlID.text)
            attempts["from"] = .int(bronze.createdAt.milliseconds - 1000)
            logs.append(.object(attempts))
        }
        if let silver, silver.startedAt != nil { logs.append(log("silver-merge", silver)) }
        if record.schema == .gold { logs.append(log("gold-build", record)) }
        return logs
    }

    var document: JSON {
        [
            "record": .object(record.document), "steps": .array(steps.map(\.document)),
            "other_records": .array(others.map { .object($0.document) }), "logs": .array(logs),
            "cost": bronze?.cost ?? .null,
            "quarantine": (bronze ?? record).quarantineKey.map { key in
                ["key": .string(key), "rows": .array(quarantined)]
            } ?? .null,
        ]
    }
}

extension FileTrace.Step {
    var document: JSON {
        var object: JSONObject = ["title": .string(title), "state": .string(state)]
        object["at"] = at.map { .string($0.rfc3339) }
        object["waited_ms"] = waited.map { .int($0) }
        object["took_ms"] = took.map { .int($0) }
        object["link"] = link.map { .string($0) }
        object["facts"] = .object(facts)
        return .object(object)
    }
}
