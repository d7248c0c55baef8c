/// The columns of which a reader of manifests keeps statistics. Hundreds of files have tens of thousands of them, and who looks for the
/// files of a period asks for few. Manifests that are written again need all.
public struct KeptStatistics: Sendable {
    /// Of their bytes in a file; nil for all columns.
    let sizes: [Int32]?
    /// Of counts and bounds; nil for all columns.
    let values: [Int32]?

    public static let all = KeptStatistics()

    private init() { (sizes, values) = (nil, nil) }

    /// - Parameters:
    ///   - sizes: the ids of the columns whose bytes in a file are kept.
    ///   - values: those of the columns whose counts and bounds are kept.
    public init(sizes: [Int32], values: [Int32]) {
        self.sizes = sizes
        // Files of deletes say by their bounds which files they delete from.
        self.values = values + [TableFiles.deletedPathID, TableFiles.deletedPositionID]
    }
}
