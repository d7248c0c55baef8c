internal import AWSClient
internal import AWSModels
internal import Control
internal import Gzip
internal import Lake
internal import ParquetRead

/// Bronze, quarantine and raw.
extension Erasure {
    /// The records of the table's conversions by the keys of their files.
    private func recordsByFile() throws -> [String: [ControlID]] {
        var records: [String: [ControlID]] = [:]
        try pipeline.control.forEachRecord(.table(name.table, in: Layer.bronze.schema)) {
            (record) throws(ControlError) in
            for key in [record.outputKey, record.quarantineKey, record.supersededKey].compactMap(\.self) {
                records[key, default: []].append(record.controlID)
            }
            return true
        }
        return records
    }

    mutating func eraseFromBronze(_ prefix: String) throws {
        let key = key
        try erase(below: prefix, contentType: "application/vnd.apache.parquet") { version, bytes in
            let file = try ParquetFile(reading: MemoryRanges(bytes))
            let gone = try key.rows(in: file, of: .bronze)
            guard !gone.isEmpty else { return nil }
            return (
                gone.values.reduce(0) { $0 + $1.count },
                {
                    guard let rewrite = BronzeRewrite(file) else {
                        throw CommandFailure.failed("\(version.object) has columns that cannot be written as they are")
                    }
                    return try rewrite.bytes(without: gone)
                }
            )
        }
    }

    mutating func eraseFromQuarantine() throws {
        let key = key
        var unread: [String] = []
        try erase(below: "quarantine/\(name.table)/", contentType: "application/x-ndjson") { version, bytes in
            guard let text = GzipContent.decompressed(bytes) else {
                unread.append("\(version.object)")
                return nil
            }
            let lines = text.split(separator: UInt8(ascii: "\n"))
            let staying = lines.filter { !key.mayBe(inQuarantined: $0) }
            guard staying.count < lines.count else { return nil }
            return (
                lines.count - staying.count,
                {
                    var writer = GzipWriter()
                    for line in staying { writer.append(Array(line) + [UInt8(ascii: "\n")]) }
                    return writer.finish()
                }
            )
        }
        report.unread += unread
    }

    /// Writes objects again without rows of the key, and deletes the versions that have them.
    ///
    /// - Parameter rewritten: how many rows of a version leave, and what makes its bytes without them; nil if none do.
    private mutating func erase(
        below prefix: String, contentType: String,
        _ rewritten: (ObjectStore.Version, [UInt8]) throws -> (rows: Int, bytes: () throws -> [UInt8])?
    ) throws {
        var records: [String: [ControlID]]?
        for _ in 0..<Self.attempts {
            var isOvertaken = false
            for version in try objects.versions(bucket: pipeline.lakeBucket, prefix: prefix) where !version.isDeletion {
                try keepHold()
                let head: ObjectHead
                let bytes: [UInt8]
                do throws(AWSError) { (head, bytes) = try objects.get(version.object) } catch {
                    // A conversion has replaced or moved it since the list was made.
                    guard error.isNotFound else { throw error }
                    isOvertaken = true
                    continue
                }
                guard let (rows, content) = try rewritten(version, bytes) else { continue }
                let file = ErasureReport.File(
                    key: version.object.key, version: version.object.versionID.flatMap { $0 == "null" ? nil : $0 },
                    rows: rows)
                if isDry {
                    report.files.append(file)
                    continue
                }
                guard version.isLatest else {
                    try objects.delete(version.object)
                    report.files.append(file)
                    continue
                }
                // Before the rows leave: an erasure that is killed and started again finds them no more.
                if let eTag = head.eTag {
                    let known = try records ?? recordsByFile()
                    records = known
                    for id in known[version.object.key] ?? [] {
                        if try pipeline.control.noteErasure(of: id, rows: rows, in: eTag) { note(id) }
                    }
                }
                let place = S3Object(bucket: version.object.bucket, key: version.object.key)
                let without = try content()
                do throws(AWSError) {
                    let stored = try objects.put(
                        without, to: place, contentType: head.contentType ?? contentType,
                        metadata: head.metadata, condition: head.eTag.map { .eTag($0) })
                    report.files.append(file)
                    // The version that had the rows; a bucket without versions has it no more.
                    if let id = stored.versionID, id != version.object.versionID { try objects.delete(version.object) }
                } catch {
                    guard error.isPreconditionFailed || error.code == "ConditionalRequestConflict" else { throw error }
                    isOvertaken = true
                }
            }
            if !isOvertaken { return }
        }
        throw CommandFailure.failed("conversions changed \(prefix) at each attempt; start again")
    }

    private mutating func note(_ id: ControlID) {
        if !report.records.contains(id.text) { report.records.append(id.text) }
    }

    // MARK: Raw

    mutating func findRaw() throws {
        let prefix = "raw/\(name.table)/"
        for version in try objects.versions(bucket: pipeline.stageBucket, prefix: prefix) where !version.isDeletion {
            try keepHold()
            let bytes = try objects.get(version.object).bytes
            let isGzip = bytes.starts(with: [0x1F, 0x8B])
            // Zstandard is not read here.
            guard !bytes.starts(with: [0x28, 0xB5, 0x2F, 0xFD]),
                let text = isGzip ? GzipContent.decompressed(bytes) : bytes
            else {
                report.unread.append("\(version.object)")
                continue
            }
            guard text.split(separator: UInt8(ascii: "\n")).contains(where: { key.mayBe(in: $0) }) else { continue }
            report.raw.append("\(version.object)")
            if deletesRaw, !isDry { try objects.delete(version.object) }
        }
        guard deletesRaw, !isDry else { return }
        // A deletion without a version has left a mark, which says that there was something.
        for version in try objects.versions(bucket: pipeline.stageBucket, prefix: prefix) where version.isDeletion {
            try objects.delete(version.object)
        }
    }
}
