public import AWSModels
internal import Time

/// The names of a control record's attributes on the wire.
enum ControlAttribute: String, CaseIterable {
    case controlID = "control_id"
    case objectKey = "object_key"
    case bucket
    case objectVersion = "object_version"
    case schemaName = "schema_name"
    case tableName = "table_name"
    case fileFormat = "file_format"
    case fileSize = "file_size"
    case estimatedRecordCount = "estimated_record_count"
    case recordCount = "record_count"
    case writtenCount = "written_count"
    case quarantinedCount = "quarantined_count"
    case checksum
    case status
    /// Only while there is work left: see ``OpenWork``.
    case openWork = "open_work"
    case attemptCount = "attempt_count"
    case computeTarget = "compute_target"
    case leaseOwner = "lease_owner"
    case leaseExpiresAt = "lease_expires_at"
    case createdAt = "created_at"
    case updatedAt = "updated_at"
    case startedAt = "started_at"
    case finishedAt = "finished_at"
    case duration
    case errorType = "error_type"
    case errorMessage = "error_message"
    /// How the try before the last replay ended: its error's type, or the status that it was left in.
    case previousError = "previous_error"
    case isPermanent = "is_permanent"
    case outputKey = "output_key"
    case requestID = "request_id"
    case contractVersion = "contract_version"
    /// The SHA-256 of the published contract that the first claim pinned.
    case contractHash = "contract_hash"
    case maskedColumns = "masked_columns"
    case quality
    case personalData = "pii_findings"
    case quarantineKey = "quarantine_key"
    case rescuedCount = "rescued_count"
    case unknownFields = "unknown_fields"
    /// When DynamoDB may delete the record, in seconds since 1970; only on records in success.
    case expiresAt = "expires_at"
    /// Of the event that announced the version: orders the versions of a key.
    case sequencer
    case supersededBy = "superseded_by"
    case supersedes
    case identicalTo = "identical_to"
    case supersededKey = "superseded_key"
    /// Of a record of silver: the raw file, and the batch that took it to the table.
    case sourceKey = "source_key"
    case batchID = "batch_id"
    /// Rows of the file that were erased, or left out as such, and when; the ETag of the file that had them last.
    case erasedCount = "erased_count"
    case erasedAt = "erased_at"
    case erasedFrom = "erased_from"

    // Only in the item of a raw key: see ``KeyState``.
    case rawKey = "raw_key"
    case currentID = "current_id"
    case currentCreatedAt = "current_created_at"
    case writtenBy = "written_by"
    case openVersions = "open_versions"

    // Only in the item of a table's writer, which has `batch_id` too: see ``TableLease``.
    case lakeTable = "lake_table"
    case writerEpoch = "writer_epoch"
    case batchRecords = "batch_records"

    // Only in the item of a table's erased keys: see ``ErasureMarks``.
    case erasedKeys = "erased_keys"
}

extension ControlRecord {
    /// The record as an item: attributes without a value are left out.
    public var item: Item {
        Item(uniqueKeysWithValues: attributes.map { ($0.rawValue, $1) })
    }

    var attributes: [(ControlAttribute, AttributeValue)] {
        let all: [(ControlAttribute, AttributeValue?)] = [
            (.controlID, .string(controlID.text)),
            (.objectKey, .string(objectKey)),
            (.bucket, .string(bucket)),
            (.objectVersion, .string(objectVersion.wireText)),
            (.sequencer, sequencer.map(AttributeValue.string)),
            (.schemaName, .string(schema.rawValue)),
            (.tableName, .string(table)),
            (.fileFormat, .string(fileFormat.rawValue)),
            (.fileSize, .int(fileSizeInBytes)),
            (.estimatedRecordCount, estimatedRecordCount.map(AttributeValue.int)),
            (.recordCount, recordCount.map(AttributeValue.int)),
            (.writtenCount, writtenCount.map(AttributeValue.int)),
            (.quarantinedCount, quarantinedCount.map(AttributeValue.int)),
            (.checksum, checksum.map(AttributeValue.string)),
            (.status, .string(status.rawValue)),
            (.openWork, status == .success ? nil : .string(OpenWork.partition(of: controlID, in: schema))),
            (.attemptCount, .int(attemptCount)),
            (.computeTarget, (computeTarget?.rawValue).map(AttributeValue.string)),
            (.leaseOwner, leaseOwner.map(AttributeValue.string)),
            (.leaseExpiresAt, leaseExpiresAt.map(\.attribute)),
            (.createdAt, createdAt.attribute),
            (.updatedAt, updatedAt.attribute),
            (.startedAt, startedAt.map(\.attribute)),
            (.finishedAt, finishedAt.map(\.attribute)),
            (.duration, durationInMilliseconds.map(AttributeValue.int)),
            (.supersedes, supersedes.map(\.attribute)),
            (.supersededKey, supersededKey.map(AttributeValue.string)),
            (.sourceKey, sourceKey.map(AttributeValue.string)),
            (.batchID, batchID.map(AttributeValue.string)),
            (.supersededBy, supersededBy.map(\.attribute)),
            (.identicalTo, identicalTo.map(\.attribute)),
            (.errorType, errorType.map(AttributeValue.string)),
            (.previousError, previousError.map(AttributeValue.string)),
            (.errorMessage, errorMessage.map(AttributeValue.string)),
            (.isPermanent, isPermanent ? .bool(true) : nil),
            (.outputKey, outputKey.map(AttributeValue.string)),
            (.requestID, requestID.map(AttributeValue.string)),
            (.contractVersion, contractVersion.map(AttributeValue.string)),
            (.contractHash, contractHash.map(AttributeValue.string)),
            (.maskedColumns, maskedColumns.isEmpty ? nil : .list(maskedColumns.map(AttributeValue.string))),
            (.quality, quality.isEmpty ? nil : .list(quality.map(\.attribute))),
            (.personalData, personalData.isEmpty ? nil : .list(personalData.map(\.attribute))),
            (.quarantineKey, quarantineKey.map(AttributeValue.string)),
            (.rescuedCount, rescuedCount.map(AttributeValue.int)),
            (.unknownFields, unknownFields.isEmpty ? nil : .list(unknownFields.map(\.attribute))),
        ]
        return all.compactMap { name, value in value.map { (name, $0) } }
    }

    /// - Throws: ``ControlError/malformedRecord(id:attribute:reason:)`` for the first attribute that is missing or
    ///   malformed. Attributes with unknown names are ignored.
    public init(item: Item) throws(ControlError) {
        let reader = ItemReader(item)
        self.init(
            controlID: try reader.required(.controlID) { $0.string.flatMap(ControlID.init) },
            schema: try reader.required(.schemaName) { $0.string.flatMap(Schema.init) },
            table: try reader.required(.tableName, \.string), bucket: try reader.required(.bucket, \.string),
            objectKey: try reader.required(.objectKey, \.string),
            objectVersion: try reader.required(.objectVersion) { $0.string.map(ObjectVersion.init(wireText:)) },
            fileFormat: try reader.required(.fileFormat) { $0.string.flatMap(FileFormat.init) },
            fileSizeInBytes: try reader.required(.fileSize, \.int),
            createdAt: try reader.required(.createdAt, \.timestamp))
        status = try reader.required(.status) { $0.string.flatMap(Status.init) }
        attemptCount = try reader.optional(.attemptCount, \.int) ?? 0
        updatedAt = try reader.optional(.updatedAt, \.timestamp) ?? createdAt
        computeTarget = try reader.optional(.computeTarget) { $0.string.flatMap(ComputeTarget.init) }
        estimatedRecordCount = try reader.optional(.estimatedRecordCount, \.int)
        leaseOwner = try reader.optional(.leaseOwner, \.string)
        leaseExpiresAt = try reader.optional(.leaseExpiresAt, \.timestamp)
        startedAt = try reader.optional(.startedAt, \.timestamp)
        finishedAt = try reader.optional(.finishedAt, \.timestamp)
        durationInMilliseconds = try reader.optional(.duration, \.int)
        requestID = try reader.optional(.requestID, \.string)
        recordCount = try reader.optional(.recordCount, \.int)
        writtenCount = try reader.optional(.writtenCount, \.int)
        quarantinedCount = try reader.optional(.quarantinedCount, \.int)
        checksum = try reader.optional(.checksum, \.string)
        outputKey = try reader.optional(.outputKey, \.string)
        contractVersion = try reader.optional(.contractVersion, \.string)
        contractHash = try reader.optional(.contractHash, \.string)
        maskedColumns = (try reader.optional(.maskedColumns, \.list) ?? []).compactMap(\.string)
        quality = (try reader.optional(.quality, \.list) ?? []).compactMap(MeasuredRule.init)
        personalData = (try reader.optional(.personalData, \.list) ?? []).compactMap(PersonalDataFinding.init)
        quarantineKey = try reader.optional(.quarantineKey, \.string)
        rescuedCount = try reader.optional(.rescuedCount, \.int)
        unknownFields = (try reader.optional(.unknownFields, \.list) ?? []).compactMap(UnknownField.init)
        sequencer = try reader.optional(.sequencer, \.string)
        supersedes = try reader.optional(.supersedes, \.controlID)
        supersededKey = try reader.optional(.supersededKey, \.string)
        sourceKey = try reader.optional(.sourceKey, \.string)
        batchID = try reader.optional(.batchID, \.string)
        supersededBy = try reader.optional(.supersededBy, \.controlID)
        identicalTo = try reader.optional(.identicalTo, \.controlID)
        errorType = try reader.optional(.errorType, \.string)
        previousError = try reader.optional(.previousError, \.string)
        errorMessage = try reader.optional(.errorMessage, \.string)
        isPermanent = try reader.optional(.isPermanent, \.bool) ?? false
    }
}

struct ItemReader {
    private let item: Item

    init(_ item: Item) { self.item = item }

    func optional<Value>(
        _ attribute: ControlAttribute, _ read: (AttributeValue) -> Value?
    ) throws(ControlError) -> Value? {
        guard let stored = item[attribute.rawValue], stored != .null else { return nil }
        guard let value = read(stored) else { throw malformed(attribute, "\(stored.json) is no such value") }
        return value
    }

    func required<Value>(
        _ attribute: ControlAttribute, _ read: (AttributeValue) -> Value?
    ) throws(ControlError) -> Value {
        guard let value = try optional(attribute, read) else { throw malformed(attribute, "it is missing") }
        return value
    }

    private func malformed(_ attribute: ControlAttribute, _ reason: String) -> ControlError {
        let id = item[ControlAttribute.controlID.rawValue]?.string ?? "without control_id"
        return .malformedRecord(id: id, attribute: attribute.rawValue, reason: reason)
    }
}

extension AttributeValue {
    var timestamp: Timestamp? { string.flatMap(Timestamp.init(rfc3339:)) }

    var controlID: ControlID? { string.flatMap(ControlID.init) }
}

extension ControlID {
    var attribute: AttributeValue { .string(text) }
}

extension Timestamp {
    var attribute: AttributeValue { .string(rfc3339) }
}
