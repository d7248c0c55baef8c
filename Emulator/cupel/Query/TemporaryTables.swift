internal import AWSClient
internal import AWSModels
internal import JSON
internal import Time

/// The database of one query, with the tables that are in no lake: their rows are Parquet files beside the query's result.
///
/// Athena reads tables of the catalog alone, so it gets such tables, on AWS as in the emulator. The database has a name of its
/// own, so that queries do not meet, and is deleted after the query. What a killed command leaves is deleted by a later one, a
/// day after; the files expire with the results.
struct TemporaryTables {
    let client: AWSClient
    /// Where results go: `s3://bucket/prefix/`.
    let location: S3Object
    private let id: String
    private let now: Timestamp

    private static let prefix = "cupel_query_"
    private static let lifeInSeconds: Int64 = 86_400

    /// - Parameter location: where results go.
    init(_ client: AWSClient, location: String) throws(CommandFailure) {
        let parts = location.split(separator: "/", maxSplits: 3, omittingEmptySubsequences: false)
        guard parts.count >= 3, parts[0] == "s3:", parts[1].isEmpty, !parts[2].isEmpty else {
            throw .usage("--output-location: expected s3://bucket/prefix/, not \(location)")
        }
        let prefix = parts.count == 4 ? String(parts[3]) : ""
        self.client = client
        self.location = S3Object(
            bucket: String(parts[2]), key: prefix.isEmpty || prefix.hasSuffix("/") ? prefix : prefix + "/")
        id = ClockAndChance.system.uuid().replacing("-", with: "")
        now = ClockAndChance.system.now()
    }

    /// The database of a schema's tables, while the query runs.
    func database(of schema: String) -> String { "\(Self.prefix)\(schema)_\(id)" }

    /// A message of Athena's, with the schemas that users write.
    static func restoring(_ message: String) -> String {
        var message = message
        for schema in OperationTable.schemas {
            let start = "\(prefix)\(schema)_"
            while let range = message.firstRange(of: start) {
                let end = message[range.upperBound...].firstIndex { !$0.isHexDigit } ?? message.endIndex
                message.replaceSubrange(range.lowerBound..<end, with: schema)
            }
        }
        return message
    }

    /// Makes a schema's database with its tables.
    /// - Parameter rows: writes the rows of a table; for a table without rows it is not called.
    func make(
        _ schema: String, with tables: [OperationTable],
        rows: (OperationTable, (_ row: [String?]) throws -> Bool) throws -> Void, isRead: (OperationTable) -> Bool
    ) throws {
        _ = try glue("CreateDatabase", ["DatabaseInput": ["Name": .string(database(of: schema))]])
        for table in tables {
            let folder = "\(location.key)tables/\(id)/\(table.name)/"
            if isRead(table) {
                try write(table, to: S3Object(bucket: location.bucket, key: folder + "rows.parquet"), rows)
            }
            _ = try glue(
                "CreateTable",
                [
                    "DatabaseName": .string(database(of: schema)),
                    "TableInput": table.glue(at: "s3://\(location.bucket)/\(folder)"),
                ])
        }
    }

    private func write(
        _ table: OperationTable, to object: S3Object,
        _ rows: (OperationTable, (_ row: [String?]) throws -> Bool) throws -> Void
    ) throws {
        let upload = ObjectUpload(ObjectStore(client), to: object, contentType: "application/vnd.apache.parquet")
        do {
            let file = try ParquetRows(table.columns) { try upload.write($0) }
            try rows(table) { row in
                try file.append([row])
                return true
            }
            try file.finish()
            try upload.finish()
        } catch {
            upload.abort()
            throw error
        }
    }

    /// Deletes what was made for these schemas, and old databases that others left. It says nothing of what fails: a later
    /// query tries again.
    func remove(_ schemas: [String], _ tables: [OperationTable]) {
        for schema in schemas { _ = try? glue("DeleteDatabase", ["Name": .string(database(of: schema))]) }
        for table in tables {
            let key = "\(location.key)tables/\(id)/\(table.name)/rows.parquet"
            try? ObjectStore(client).delete(S3Object(bucket: location.bucket, key: key))
        }
        guard let page = try? glue("GetDatabases", ["MaxResults": 100]) else { return }
        for database in page["DatabaseList"]?.array ?? [] {
            guard let name = database["Name"]?.string, name.hasPrefix(Self.prefix),
                let made = database["CreateTime"]?.double, made < Double(now.seconds - Self.lifeInSeconds)
            else { continue }
            _ = try? glue("DeleteDatabase", ["Name": .string(name)])
        }
    }

    private func glue(_ action: String, _ input: JSON) throws(AWSError) -> JSON {
        try client.jsonCall(
            service: "glue", target: "AWSGlue", action: action, input: input, version: "1.1",
            isRepeatable: action != "CreateDatabase" && action != "CreateTable")
    }
}

extension OperationTable {
    /// The table as Glue takes it.
    fileprivate func glue(at location: String) -> JSON {
        [
            "Name": .string(name), "TableType": "EXTERNAL_TABLE",
            "Parameters": ["EXTERNAL": "TRUE", "classification": "parquet"],
            "StorageDescriptor": [
                "Location": .string(location),
                "InputFormat": "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat",
                "OutputFormat": "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat",
                "SerdeInfo": [
                    "SerializationLibrary": "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"
                ],
                "Columns": .array(
                    columns.map {
                        ["Name": .string($0.name), "Type": .string($0.type == "varchar" ? "string" : $0.type)]
                    }),
            ],
        ]
    }
}
