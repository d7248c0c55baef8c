internal import Time

/// The result of converting an object.
public struct FinishedConversion: Sendable, Hashable {
    /// Rows in the output.
    public let writtenCount: Int
    /// Rows that broke the contract.
    public let quarantinedCount: Int
    /// SHA-256 of the decompressed content, in hexadecimal.
    public let checksum: String
    public let outputKey: String
    public let contractVersion: String
    public let maskedColumns: [String]
    public let quality: [MeasuredRule]
    public let personalData: [PersonalDataFinding]
    /// The file of the rows that broke the contract; nil if there are none.
    public let quarantineKey: String?
    /// Rows with fields that no column takes.
    public let rescuedCount: Int
    public let unknownFields: [UnknownField]
    /// Rows that were left out because their keys were erased; the other counts have them, too.
    public let erasedCount: Int
    /// The batch of a table that the work was part of.
    public let batchID: String?

    public init(
        writtenCount: Int, quarantinedCount: Int, checksum: String, outputKey: String, contractVersion: String,
        maskedColumns: [String] = [], quality: [MeasuredRule] = [], personalData: [PersonalDataFinding] = [],
        quarantineKey: String? = nil, rescuedCount: Int = 0, unknownFields: [UnknownField] = [], erasedCount: Int = 0,
        batchID: String? = nil
    ) {
        self.writtenCount = writtenCount
        self.quarantinedCount = quarantinedCount
        self.checksum = checksum
        self.outputKey = outputKey
        self.contractVersion = contractVersion
        self.maskedColumns = maskedColumns
        self.quality = quality
        self.personalData = personalData
        self.quarantineKey = quarantineKey
        self.rescuedCount = rescuedCount
        self.unknownFields = unknownFields
        self.erasedCount = erasedCount
        self.batchID = batchID
    }

    public var recordCount: Int { writtenCount + quarantinedCount }
}

extension ControlRecord {
    /// This claimed record as ``ControlTable/finishVersion(_:_:next:in:)`` has written it, so that nobody reads it again.
    func finished(_ conversion: FinishedConversion, at time: Timestamp, superseding older: ControlID?) -> ControlRecord
    {
        var record = self
        // As precise as the table.
        let time = Timestamp(milliseconds: time.milliseconds)
        record.status = .success
        (record.updatedAt, record.finishedAt) = (time, time)
        record.durationInMilliseconds = Int(max(0, time.milliseconds(since: startedAt ?? time)))
        (record.leaseOwner, record.leaseExpiresAt) = (nil, nil)
        record.recordCount = conversion.recordCount
        record.writtenCount = conversion.writtenCount
        record.quarantinedCount = conversion.quarantinedCount
        record.checksum = conversion.checksum
        record.outputKey = conversion.outputKey
        record.contractVersion = conversion.contractVersion
        record.maskedColumns = conversion.maskedColumns
        record.quality = conversion.quality
        record.personalData = conversion.personalData
        record.rescuedCount = conversion.rescuedCount
        record.unknownFields = conversion.unknownFields
        record.batchID = conversion.batchID ?? batchID
        record.quarantineKey = conversion.quarantineKey
        record.supersedes = older ?? supersedes
        (record.errorType, record.errorMessage) = (nil, nil)
        (record.identicalTo, record.supersededBy) = (nil, nil)
        return record
    }
}
