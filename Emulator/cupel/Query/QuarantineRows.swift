internal import AWSClient
internal import AWSModels
internal import JSON

/// Rows of `quarantine.rows`, from the lake's quarantine files: those of the tables, days and files that a query asks for.
///
/// - SeeAlso: ``Columnar/QuarantineWriter``, which writes the files.
struct QuarantineRows {
    let objects: ObjectStore
    let bucket: String
    let conditions: QueryConditions

    private static let root = "quarantine/"

    init(_ client: AWSClient, bucket: String, _ conditions: QueryConditions) {
        objects = ObjectStore(client)
        self.bucket = bucket
        self.conditions = conditions
    }

    /// What a key says: `quarantine/<table>/year=YYYY/month=MM/day=DD/<file>.ndjson.gz`.
    struct Key: Hashable {
        let text: String
        let table: String
        /// `2026-11-30`
        let day: String

        /// Nil for a key of another form.
        init?(_ text: String) {
            let parts = text.split(separator: "/", omittingEmptySubsequences: false)
            guard parts.count == 6, parts[0] == "quarantine", text.hasSuffix(".ndjson.gz") else { return nil }
            var numbers: [Substring] = []
            for (part, name) in zip(parts[2...4], ["year=", "month=", "day="]) {
                guard part.hasPrefix(name) else { return nil }
                numbers.append(part.dropFirst(name.count))
            }
            self.text = text
            table = String(parts[1])
            day = numbers.joined(separator: "-")
        }
    }

    /// Whether a file can have rows that are asked for.
    static func isAskedFor(_ key: Key, by conditions: QueryConditions) -> Bool {
        if let tables = conditions.values["table_name"], !tables.contains(key.table) { return false }
        if let days = conditions.values["quarantined_on"], !days.contains(key.day) { return false }
        if let least = conditions.least["quarantined_on"], least.utf8.count == 10, key.day < least { return false }
        return true
    }

    /// - Parameter body: is given each row; it says whether to go on.
    func forEach(_ body: ([String?]) throws -> Bool) throws {
        if let keys = conditions.values["quarantine_key"] {
            for key in keys.sorted().compactMap(Key.init) where Self.isAskedFor(key, by: conditions) {
                guard try forEachRow(of: key, body) else { return }
            }
            return
        }
        // A table name that could not be one is not made part of a prefix.
        let tables = conditions.values["table_name"]?.filter { !$0.isEmpty && !$0.contains("/") }
        for prefix in tables?.sorted().map({ "\(Self.root)\($0)/" }) ?? [Self.root] {
            var token: String?
            repeat {
                let page = try objects.list(bucket: bucket, prefix: prefix, continuingFrom: token)
                for key in page.objects.compactMap({ Key($0.key) }) where Self.isAskedFor(key, by: conditions) {
                    guard try forEachRow(of: key, body) else { return }
                }
                token = page.continuationToken
            } while token != nil
        }
    }

    /// - Returns: whether to go on.
    private func forEachRow(of key: Key, _ body: ([String?]) throws -> Bool) throws -> Bool {
        let object = S3Object(bucket: bucket, key: key.text)
        let bytes: [UInt8]
        do throws(AWSError) { bytes = try objects.get(object).bytes } catch {
            // It has expired, or it never existed.
            guard error.isNotFound else { throw error }
            return true
        }
        guard let content = GzipContent.decompressed(bytes) else {
            throw CommandFailure.failed("s3://\(bucket)/\(key.text) is not a complete gzip file")
        }
        for (number, line) in content.split(separator: UInt8(ascii: "\n")).enumerated() {
            guard let row = try? JSON(parsing: Array(line)) else {
                throw CommandFailure.failed("s3://\(bucket)/\(key.text), line \(number + 1): expected JSON")
            }
            let goesOn = try body([
                key.table, key.day, key.text, row["line"]?.number?.text, row["byte_offset"]?.number?.text,
                row["column"]?.string, row["reason"]?.string, row["message"]?.string, row["raw_text"]?.string,
                row["raw_length"]?.number?.text,
            ])
            guard goesOn else { return false }
        }
        return true
    }
}
