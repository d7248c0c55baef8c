internal import EmulatorCore
internal import Gzip
internal import JSON
internal import Time

/// Creates a table with the items of objects in S3.
/// - SeeAlso: <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_ImportTable.html>
struct ImportTable: TransferOperation {
    private enum Format: String, CaseIterable { case json = "DYNAMODB_JSON", ion = "ION", csv = "CSV" }
    private enum Compression: String, CaseIterable { case gzip = "GZIP", zstd = "ZSTD", none = "NONE" }

    private let bucket: String
    private let prefix: String
    private let isCompressed: Bool
    private let table: CreateTable
    /// Members of the request that the description repeats.
    private let repeated: JSONObject

    init(_ request: WireStructure) throws(DynamoDBFault) {
        var constraints = Constraints()
        let source = try request.structure("S3BucketSource", type: "S3BucketSource")
        constraints.notNull("s3BucketSource", isPresent: source != nil)
        let bucket = try source?.string("S3Bucket")
        if source != nil { constraints.notNull("s3BucketSource.s3Bucket", isPresent: bucket != nil) }
        prefix = try source?.string("S3KeyPrefix") ?? ""
        let format = try request.string("InputFormat")
        constraints.notNull("inputFormat", isPresent: format != nil)
        let parsed = constraints.oneOf("inputFormat", format, Format.self)
        let compression = constraints.oneOf(
            "inputCompressionType", try request.string("InputCompressionType"), Compression.self)
        let creation = try request.structure("TableCreationParameters", type: "TableCreationParameters")
        constraints.notNull("tableCreationParameters", isPresent: creation != nil)
        try constraints.check()
        if let parsed, parsed != .json { throw .notEmulated("ImportTable in the format \(parsed.rawValue)") }
        if compression == .zstd { throw .notEmulated("ImportTable with the compression ZSTD") }
        self.bucket = bucket ?? ""
        isCompressed = compression == .gzip
        guard let creation else { throw .validation("TableCreationParameters is required") }
        table = try CreateTable(creation)
        var repeated: JSONObject = ["InputCompressionType": .string((compression ?? .none).rawValue)]
        for member in ["S3BucketSource", "InputFormat", "TableCreationParameters", "ClientToken"] {
            repeated[member] = request.members[member]
        }
        self.repeated = repeated
    }

    func perform(with transfers: Transfers) async throws -> JSON {
        let objects = try transfers.objects(for: "ImportTable")
        let state = transfers.state
        let name = table.request.name
        try transfers.store.read { snapshot in
            if try state.catalog.table(named: name, in: snapshot) != nil {
                throw DynamoDBFault.resourceInUse("Table already exists: \(name)")
            }
        }
        let tableARN = state.account.arn("dynamodb", "table/\(name)")
        var description: JSONObject = [
            "ImportArn": .string("\(tableARN)/import/\(transfers.freshID())"), "ImportStatus": "IN_PROGRESS",
            "TableArn": .string(tableARN), "StartTime": transfers.now,
        ]
        for (name, value) in repeated { description[name] = value }
        let accepted = description
        do throws(AWSFault) {
            let files = try ImportFiles(bucket: bucket, prefix: prefix, isCompressed: isCompressed, objects)
            do {
                let result = try await imported(files, with: transfers)
                for (member, value) in result { description[member] = value }
            } catch {
                throw (error as? DynamoDBFault)?.answer ?? .internalFailure(error)
            }
        } catch {
            description["ImportStatus"] = "FAILED"
            description["FailureCode"] = .string("S3\(error.code)")
            description["FailureMessage"] = .string(error.message)
            for count in ["ErrorCount", "ProcessedItemCount", "ImportedItemCount", "ProcessedSizeBytes"] {
                description[count] = 0
            }
        }
        description["EndTime"] = transfers.now
        try await transfers.save(
            description, .import, arn: description["ImportArn"]?.string ?? "", table: tableARN)
        return ["ImportTableDescription": .object(accepted)]
    }

    /// Creates the table and stores the items that are valid.
    private func imported(_ files: ImportFiles, with transfers: Transfers) async throws -> JSONObject {
        let state = transfers.state
        return try await transfers.store.write { transaction in
            let table = try self.table.create(on: state, in: transaction)
            var imported = 0
            var firstError: String?
            for document in files.documents {
                do throws(DynamoDBFault) {
                    let item = try Self.item(in: document)
                    let key = try table.keys.key(ofItem: item)
                    try table.checkIndexKeys(of: item)
                    try item.checkSize()
                    do {
                        let old = try transaction.snapshot.item(at: key, in: table)
                        try state.change(key, of: table, from: old, to: item, in: transaction)
                    } catch {
                        throw .validation("\(error)")
                    }
                    imported += 1
                } catch {
                    firstError = firstError ?? error.answer.message
                }
            }
            var result: JSONObject = [
                "ImportStatus": firstError == nil ? "COMPLETED" : "FAILED",
                "TableId": table.definition.description["TableId"] ?? "",
                "ErrorCount": .int(files.documents.count - imported),
                "ProcessedItemCount": .int(files.documents.count), "ImportedItemCount": .int(imported),
                "ProcessedSizeBytes": .int(files.sizeInBytes),
            ]
            if let firstError {
                result["FailureCode"] = "ItemValidationError"
                result["FailureMessage"] = .string("Some of the items failed validation: \(firstError)")
            }
            return result
        }
    }

    private static func item(in document: JSON) throws(DynamoDBFault) -> Item {
        guard let members = document["Item"]?.object else {
            throw .validation("The document has no member Item")
        }
        return try UncheckedItem(members).item()
    }
}

/// The documents of an import's objects.
struct ImportFiles: Sendable {
    /// Null for what is no JSON.
    private(set) var documents: [JSON] = []
    private(set) var sizeInBytes = 0

    init(bucket: String, prefix: String, isCompressed: Bool, _ objects: any ObjectStore) throws(AWSFault) {
        for object in try objects.allObjects(in: bucket, prefix: prefix) {
            let contents = try objects.getObject(ObjectLocation(bucket: bucket, key: object.key)).contents
            sizeInBytes += contents.count
            guard let bytes = isCompressed ? GzipReader.contents(of: contents) : contents else {
                documents.append(.null)
                continue
            }
            documents += Self.split(bytes).map { (try? JSON(parsing: Array($0))) ?? .null }
        }
    }

    /// The objects of `bytes`, which line breaks or nothing at all separate.
    static func split(_ bytes: [UInt8]) -> [ArraySlice<UInt8>] {
        var parts: [ArraySlice<UInt8>] = []
        var start = 0
        var depth = 0
        var isQuoted = false
        var isEscaped = false
        for (place, byte) in bytes.enumerated() {
            if isQuoted {
                if isEscaped {
                    isEscaped = false
                } else if byte == UInt8(ascii: "\\") {
                    isEscaped = true
                } else if byte == UInt8(ascii: "\"") {
                    isQuoted = false
                }
                continue
            }
            switch byte {
            case UInt8(ascii: "\""): isQuoted = true
            case UInt8(ascii: "{"): depth += 1
            case UInt8(ascii: "}"):
                depth -= 1
                guard depth == 0 else { continue }
                parts.append(bytes[start...place])
                start = place + 1
            default: break
            }
        }
        let rest = bytes[start...].filter { ![0x20, 0x09, 0x0A, 0x0D].contains($0) }
        if !rest.isEmpty { parts.append(bytes[start...]) }
        return parts
    }
}

/// Describes an import.
/// - SeeAlso: <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_DescribeImport.html>
struct DescribeImport: ReadingOperation {
    private let arn: String

    init(_ request: WireStructure) throws(DynamoDBFault) { arn = try request.requiredARN("ImportArn", "importArn") }

    func perform(on state: DynamoDBState, in snapshot: borrowing Snapshot) throws -> JSON {
        guard let description = try snapshot.transfer(.import, arn: arn) else {
            throw DynamoDBFault.importNotFound(arn)
        }
        return ["ImportTableDescription": description]
    }
}

/// Lists the imports of a table, or of all.
/// - SeeAlso: <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_ListImports.html>
struct ListImports: ReadingOperation {
    private let list: TransferList

    init(_ request: WireStructure) throws(DynamoDBFault) { list = try TransferList(request, limit: "PageSize") }

    func perform(on state: DynamoDBState, in snapshot: borrowing Snapshot) throws -> JSON {
        let (imports, next) = try list.page(.import, named: "ImportArn", in: snapshot)
        let members = [
            "ImportArn", "ImportStatus", "TableArn", "S3BucketSource", "CloudWatchLogGroupArn", "InputFormat",
            "StartTime", "EndTime",
        ]
        var answer: JSONObject = ["ImportSummaryList": .array(imports.map { $0.only(members) })]
        answer["NextToken"] = next
        return .object(answer)
    }
}
