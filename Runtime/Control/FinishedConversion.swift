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

    public init(
        writtenCount: Int, quarantinedCount: Int, checksum: String, outputKey: String, contractVersion: String,
        maskedColumns: [String] = [], quality: [MeasuredRule] = [], personalData: [PersonalDataFinding] = []
    ) {
        self.writtenCount = writtenCount
        self.quarantinedCount = quarantinedCount
        self.checksum = checksum
        self.outputKey = outputKey
        self.contractVersion = contractVersion
        self.maskedColumns = maskedColumns
        self.quality = quality
        self.personalData = personalData
    }

    public var recordCount: Int { writtenCount + quarantinedCount }
}
