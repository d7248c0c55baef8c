internal import Digest
internal import EmulatorCore
internal import Gzip
internal import JSON
internal import Time

/// Writes all items of a table to S3 as they are now: no history is kept to export an earlier time.
/// - SeeAlso: <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_ExportTableToPointInTime.html>
struct ExportTableToPointInTime: TransferOperation {
    private enum Format: String, CaseIterable { case json = "DYNAMODB_JSON", ion = "ION" }
    private enum ExportType: String, CaseIterable { case full = "FULL_EXPORT", incremental = "INCREMENTAL_EXPORT" }

    private let tableARN: String
    private let bucket: String
    private let prefix: String?
    /// Members of the request that the description repeats.
    private let repeated: JSONObject

    init(_ request: WireStructure) throws(DynamoDBFault) {
        var constraints = Constraints()
        let arn = try request.string("TableArn")
        constraints.notNull("tableArn", isPresent: arn != nil)
        let bucket = try request.string("S3Bucket")
        constraints.notNull("s3Bucket", isPresent: bucket != nil)
        prefix = try request.string("S3Prefix")
        let format = constraints.oneOf("exportFormat", try request.string("ExportFormat"), Format.self)
        let type = constraints.oneOf("exportType", try request.string("ExportType"), ExportType.self)
        try constraints.check()
        if format == .ion { throw .notEmulated("ExportTableToPointInTime in the format ION") }
        if type == .incremental { throw .notEmulated("ExportTableToPointInTime with an INCREMENTAL_EXPORT") }
        tableARN = arn ?? ""
        self.bucket = bucket ?? ""
        var repeated = JSONObject()
        for member in ["ClientToken", "S3BucketOwner", "S3SseAlgorithm", "S3SseKmsKeyId"] {
            repeated[member] = request.members[member]
        }
        self.repeated = repeated
    }

    func perform(with transfers: Transfers) async throws -> JSON {
        let objects = try transfers.objects(for: "ExportTableToPointInTime")
        let (table, items) = try transfers.store.read { snapshot in
            guard let table = try transfers.state.catalog.table(named: tableARN, in: snapshot) else {
                throw DynamoDBFault.tableNotFound("Table not found: \(tableARN)")
            }
            guard table.definition.recoverySince != nil else {
                throw DynamoDBFault.pointInTimeRecoveryUnavailable(table: table.name)
            }
            var items: [Item] = []
            try snapshot.eachItem(of: table, nil, where: [], orderedBy: ["hash", "range"], descending: false) { item in
                items.append(item)
                return true
            }
            return (table, items)
        }
        let id = transfers.freshID()
        let started = transfers.now
        var description: JSONObject = [
            "ExportArn": .string("\(table.arn)/export/\(id)"), "ExportStatus": "IN_PROGRESS", "StartTime": started,
            "TableArn": .string(table.arn), "TableId": table.definition.description["TableId"] ?? "",
            "ExportTime": started, "S3Bucket": .string(bucket), "ExportFormat": "DYNAMODB_JSON",
            "ExportType": "FULL_EXPORT",
        ]
        description["S3Prefix"] = prefix.map { .string($0) }
        if repeated["S3SseAlgorithm"] == nil { description["S3SseAlgorithm"] = "AES256" }
        for (name, value) in repeated { description[name] = value }
        let accepted = description
        let files = ExportFiles(id: id, bucket: bucket, prefix: prefix, items: items)
        do throws(AWSFault) {
            description["ExportManifest"] = .string(try await files.write(to: objects, described: accepted))
            description["ExportStatus"] = "COMPLETED"
            description["BilledSizeBytes"] = .int(files.billedSizeInBytes)
            description["ItemCount"] = .int(items.count)
        } catch {
            description["ExportStatus"] = "FAILED"
            description["FailureCode"] = .string("S3\(error.code)")
            description["FailureMessage"] = .string(error.message)
        }
        description["EndTime"] = transfers.now
        try await transfers.save(
            description, .export, arn: description["ExportArn"]?.string ?? "", table: table.arn)
        return ["ExportDescription": .object(accepted)]
    }
}

/// The objects of an export: the items, and manifests that list and describe them.
/// - SeeAlso: <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/S3DataExport.Output.html>
struct ExportFiles: Sendable {
    let id: String
    let bucket: String
    let prefix: String?
    let items: [Item]

    private var folder: String { (prefix.map { "\($0)/" } ?? "") + "AWSDynamoDB/\(id)" }

    var billedSizeInBytes: Int { items.reduce(0) { $0 + $1.sizeInBytes } }

    /// - Returns: the key of the summary.
    func write(to objects: any ObjectStore, described description: JSONObject) async throws(AWSFault) -> String {
        _ = try await put([], to: "\(folder)/_started", in: objects)
        var gzip = GzipWriter()
        for item in items { gzip.append(JSON.object(["Item": item.document]).bytes + [0x0A]) }
        let data = gzip.finish()
        let dataKey = "\(folder)/data/\(id.split(separator: "-").last ?? "").json.gz"
        let stored = try await put(data, to: dataKey, in: objects)
        let manifest: JSON = [
            "itemCount": .int(items.count), "md5Checksum": .string(Digest.md5(data).base64),
            "etag": .string(stored.etag.filter { $0 != "\"" }), "dataFileS3Key": .string(dataKey),
        ]
        let filesKey = "\(folder)/manifest-files.json"
        try await putWithDigest(manifest.bytes + [0x0A], to: filesKey, in: objects)
        var summary: JSONObject = ["version": "2023-08-01"]
        for (name, member) in [
            ("exportArn", "ExportArn"), ("startTime", "StartTime"), ("tableArn", "TableArn"), ("tableId", "TableId"),
            ("exportTime", "ExportTime"), ("s3Bucket", "S3Bucket"), ("s3Prefix", "S3Prefix"),
            ("s3SseAlgorithm", "S3SseAlgorithm"), ("s3SseKmsKeyId", "S3SseKmsKeyId"), ("exportType", "ExportType"),
        ] {
            summary[name] = description[member] ?? .null
        }
        summary["manifestFilesS3Key"] = .string(filesKey)
        summary["billedSizeBytes"] = .int(billedSizeInBytes)
        summary["itemCount"] = .int(items.count)
        summary["outputFormat"] = "DYNAMODB_JSON"
        let summaryKey = "\(folder)/manifest-summary.json"
        try await putWithDigest(JSON.object(summary).bytes, to: summaryKey, in: objects)
        return summaryKey
    }

    private func put(_ contents: [UInt8], to key: String, in objects: any ObjectStore) async throws(AWSFault)
        -> ObjectFacts
    {
        try await objects.putObject(contents, to: ObjectLocation(bucket: bucket, key: key))
    }

    private func putWithDigest(_ contents: [UInt8], to key: String, in objects: any ObjectStore) async throws(AWSFault)
    {
        _ = try await put(contents, to: key, in: objects)
        let digestKey = key.dropLast("json".count) + "md5"
        _ = try await put(Array(Digest.md5(contents).base64.utf8), to: String(digestKey), in: objects)
    }
}

/// Describes an export.
/// - SeeAlso: <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_DescribeExport.html>
struct DescribeExport: ReadingOperation {
    private let arn: String

    init(_ request: WireStructure) throws(DynamoDBFault) { arn = try request.requiredARN("ExportArn", "exportArn") }

    func perform(on state: DynamoDBState, in snapshot: borrowing Snapshot) throws -> JSON {
        guard let description = try snapshot.transfer(.export, arn: arn) else {
            throw DynamoDBFault.exportNotFound(arn)
        }
        return ["ExportDescription": description]
    }
}

/// Lists the exports of a table, or of all.
/// - SeeAlso: <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_ListExports.html>
struct ListExports: ReadingOperation {
    private let list: TransferList

    init(_ request: WireStructure) throws(DynamoDBFault) { list = try TransferList(request, limit: "MaxResults") }

    func perform(on state: DynamoDBState, in snapshot: borrowing Snapshot) throws -> JSON {
        let (exports, next) = try list.page(.export, named: "ExportArn", in: snapshot)
        var answer: JSONObject = [
            "ExportSummaries": .array(exports.map { $0.only(["ExportArn", "ExportStatus", "ExportType"]) })
        ]
        answer["NextToken"] = next
        return .object(answer)
    }
}

extension WireStructure {
    func requiredARN(_ name: String, _ path: String) throws(DynamoDBFault) -> String {
        var constraints = Constraints()
        let arn = try string(name)
        constraints.notNull(path, isPresent: arn != nil)
        if let arn { constraints.length(path, arn.utf8.count, shown: arn, 37...1024) }
        try constraints.check()
        return arn ?? ""
    }
}

extension JSON {
    /// The members with these names that the object has.
    func only(_ names: [String]) -> JSON {
        var object = JSONObject()
        for name in names { object[name] = self[name] }
        return .object(object)
    }
}
