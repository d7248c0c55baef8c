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
    /// The batch of a table that the work was part of.
    public let batchID: String?

    public init(
        writtenCount: Int, quarantinedCount: Int, checksum: String, outputKey: String, contractVersion: String,
        maskedColumns: [String] = [], quality: [MeasuredRule] = [], personalData: [PersonalDataFinding] = [],
        quarantineKey: String? = nil, rescuedCount: Int = 0, unknownFields: [UnknownField] = [], batchID: String? = nil
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
        self.batchID = batchID
    }

    public var recordCount: Int { writtenCount + quarantinedCount }
}
