internal import AWSClient
internal import AWSModels
internal import Columnar
internal import Console
internal import Contracts
internal import Control
internal import JSON
internal import PublishedContracts
internal import RawFile
internal import Publication

extension PipelineSource {
    /// Rows of each file that are shown as they are.
    private static let sampleLimit = 20
    private static let keyLimit = 20
    /// Files that are read for the groups: each costs a call.
    private static let fileLimit = 500

    func quarantine(table: String?, limit: Int) throws(ConsoleFault) -> JSON {
        struct Group: Hashable {
            let table: String
            let column: String
            let reason: String
        }
        guard !pipeline.lakeBucket.isEmpty else {
            throw .badRequest("the lake's bucket is unknown; start the console with --stack")
        }
        let columns = OperationTable.quarantineRows.columns.map(\.name)
        var groups: [Group: (count: Int, first: JSON, keys: [String])] = [:]
        var samples: [JSON] = [], sampled: [String: Int] = [:]
        var examined = 0
        var isCut = false
        var files: Set<String> = []
        let conditions = QueryConditions(values: table.map { ["table_name": [$0]] } ?? [:])
        try anyFaults {
            try QuarantineRows(pipeline.client, bucket: pipeline.lakeBucket, conditions).forEach { cells in
                let row = Self.row(cells, columns)
                let key = row["quarantine_key"]?.string ?? ""
                guard files.count < Self.fileLimit || files.contains(key) else {
                    isCut = true
                    return false
                }
                files.insert(key)
                examined += 1
                let group = Group(
                    table: row["table_name"]?.string ?? "", column: row["column"]?.string ?? "",
                    reason: row["reason"]?.string ?? "")
                var found = groups[group] ?? (0, row, [])
                found.count += 1
                if !found.keys.contains(key), found.keys.count < Self.keyLimit { found.keys.append(key) }
                groups[group] = found
                if table != nil, sampled[key, default: 0] < Self.sampleLimit {
                    sampled[key, default: 0] += 1
                    samples.append(row)
                }
                return examined < limit
            }
        }
        let sorted = groups.sorted {
            ($1.value.count, $0.key.table, $0.key.column, $0.key.reason)
                < ($0.value.count, $1.key.table, $1.key.column, $1.key.reason)
        }
        var document: JSONObject = [
            "groups": .array(
                sorted.map { group, found in
                    [
                        "table": .string(group.table), "column": found.first["column"] ?? .null,
                        "reason": .string(group.reason), "rows": .int(found.count),
                        "message": found.first["message"] ?? .null, "raw_text": found.first["raw_text"] ?? .null,
                        "keys": .array(found.keys.map { .string($0) }),
                    ]
                }),
            "examined": .int(examined), "truncated": .bool(isCut || examined >= limit), "samples": .array(samples),
        ]
        if let table { document["contract"] = try contract(of: table).map { .string($0) } }
        return .object(document)
    }

    /// The text of the contract in force; nil if none is published.
    private func contract(of table: String) throws(ConsoleFault) -> String? {
        guard let bucket = pipeline.contractsBucket else { return nil }
        let store = ContractStore(bucket: bucket, objects: ObjectStore(pipeline.client))
        do throws(AWSError) {
            let index = try? ContractIndex(parsing: try store.objects.get(store.index).bytes, at: "\(store.index)")
            guard let entry = index?.entries[table] else { return nil }
            return String(
                decoding: try store.objects.get(store.object(of: table, hash: entry.hash)).bytes, as: UTF8.self)
        } catch {
            guard error.isNotFound || error.isForbidden else { throw fault(pipeline.failure(error)) }
            return nil
        }
    }

    /// The columns that the contract in force describes; nil if none is published or it cannot be read.
    func columns(ofContract table: String) throws(ConsoleFault) -> Set<String>? {
        guard let text = try contract(of: table), let contract = try? Contract(parsing: text, file: table) else {
            return nil
        }
        return Set(contract.columns.map(\.name))
    }

    // MARK: Trying a contract

    func tryContract(_ text: String, quarantineKey: String) throws(ConsoleFault) -> JSON {
        let contract: Contract
        do throws(ContractError) { contract = try Contract(parsing: text, file: "the contract") } catch {
            throw .badRequest("\(error)")
        }
        guard QuarantineRows.Key(quarantineKey) != nil else {
            throw .badRequest("quarantine_key: expected quarantine/<table>/year=…/…ndjson.gz, not \(quarantineKey)")
        }
        return try anyFaults { () throws -> JSON in
            guard let record = try record(ofQuarantine: quarantineKey, table: contract.table) else {
                throw ConsoleFault.notFound(
                    "no control record of \(contract.table) names \(quarantineKey); does the contract describe its table?"
                )
            }
            var lines: [(line: Int?, text: String)] = []
            var skipped = 0
            try QuarantineRows(
                pipeline.client, bucket: pipeline.lakeBucket,
                QueryConditions(values: ["quarantine_key": [quarantineKey]])
            ).forEach { cells in
                let row = Self.row(cells, OperationTable.quarantineRows.columns.map(\.name))
                if let raw = row["raw_text"]?.string, row["raw_length"]?.string == "\(raw.utf8.count)" {
                    lines.append((row["line"]?.string.flatMap { Int($0) }, raw))
                } else {
                    skipped += 1
                }
                return lines.count < 10_000
            }
            guard !lines.isEmpty else {
                throw ConsoleFault.badRequest(
                    "the quarantine file keeps no whole raw text: the contract masks a column, or its rows are long")
            }
            let name = RawFileName(record.objectKey)
            let format = name?.format ?? .csv
            var content = ""
            if format == .csv { content = try header(of: record, name?.compression ?? .none) + "\n" }
            content += lines.map(\.text).joined(separator: "\n") + "\n"
            var refused: [JSON] = []
            var read = 0
            do {
                let reader = try format.reader(of: MemorySource(Array(content.utf8)), contract: contract)
                var batch = RecordBatch(contract.bronzeColumns)
                while try reader.read(into: &batch) {
                    read += batch.rowsRead
                    for row in batch.rejected {
                        let place = row.line - (format == .csv ? 2 : 1)
                        let line = lines.indices.contains(place) ? lines[place].line : nil
                        refused.append([
                            "line": line.map { .int($0) } ?? .null, "column": row.column.map { .string($0) } ?? .null,
                            "reason": .string(row.reason.rawValue), "message": .string(row.message),
                        ])
                    }
                }
            } catch let error as ColumnarError {
                throw ConsoleFault.badRequest("\(error)")
            }
            return [
                "examined": .int(read), "accepted": .int(read - refused.count), "refused": .array(refused),
                "skipped": .int(skipped), "control_id": .string(record.controlID.text),
                "table": .string(contract.table),
            ]
        }
    }

    func publish(contract text: String) throws(ConsoleFault) -> JSON {
        let contract: Contract
        do throws(ContractError) { contract = try Contract(parsing: text, file: "the contract") } catch {
            throw .badRequest("\(error)")
        }
        let bytes = Array(text.utf8)
        let file = ContractFile(contract: contract, bytes: bytes, hash: ContractStore.hash(of: bytes))
        do throws(CommandFailure) {
            // One that shows more than before is published by the command alone, which asks for a flag.
            let outcomes = try pipeline.publish([file], allowsWeakerMasking: false)
            let outcome = outcomes.first { $0.table == contract.table }
            return [
                "table": .string(contract.table), "version": .string(contract.version), "sha256": .string(file.hash),
                "outcome": .string(outcome?.state.rawValue ?? ""),
            ]
        } catch {
            // What is refused is the contract, not the pipeline's fault.
            if case .failed(let text) = error { throw .badRequest(text) }
            throw fault(error)
        }
    }

    /// The record whose rejected rows a quarantine file has.
    private func record(ofQuarantine key: String, table: String) throws -> ControlRecord? {
        var found: ControlRecord?
        try pipeline.control.forEachRecord(.table(table, in: .bronze)) { (record) throws(ControlError) in
            if record.quarantineKey == key { found = record }
            return found == nil
        }
        return found
    }

    /// The first line of a CSV file, which its rows in quarantine lack.
    private func header(of record: ControlRecord, _ compression: RawCompression) throws -> String {
        let object = S3Object(bucket: record.bucket, key: record.objectKey)
        let front = try ObjectStore(pipeline.client).get(object, range: .from(0, to: 64 << 10)).bytes
        let source = compression.text(of: MemorySource(front), hashing: nil)
        var text: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 4096)
        while !text.contains(UInt8(ascii: "\n")), text.count < 64 << 10 {
            let count = try piece.withUnsafeMutableBytes { try source.read(into: $0) }
            guard count > 0 else { break }
            text += piece[..<count]
        }
        let line = text.prefix { $0 != UInt8(ascii: "\n") && $0 != UInt8(ascii: "\r") }
        return String(decoding: line, as: UTF8.self)
    }
}
