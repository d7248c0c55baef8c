internal import AWSClient
internal import AWSModels
internal import Columns
internal import Control
internal import Lake
internal import Parquet
internal import ParquetRead

/// The names of the records of a bronze file: their places in the order of changes, where their source gives them; else the file's place
/// and the row in it. Neither depends on when and how often a file is merged.
struct RecordIDs {
    /// About what one takes in memory.
    static let size = 96

    private let fileOrder: [UInt8]

    /// - Parameters:
    ///   - object: whose metadata says what version of a raw file it is made of, wherever it was moved.
    ///   - file: as which it is read, for a file that does not say so.
    init(of parquet: ParquetFile, _ object: S3Object, _ objects: ObjectStore, or file: BronzeFile?) throws(AWSError) {
        let place = parquet.metadata.column(path: ["_cdc_order"])
        let namesAll = parquet.metadata.rowGroups.allSatisfy { group in
            place.map { group.chunks[$0.index].statistics.nullCount == 0 } ?? false
        }
        let version = namesAll ? nil : VersionOrder(try objects.head(object).metadata)
        fileOrder = version.map(BronzeFile.order(of:)) ?? file?.order ?? []
    }

    /// - Parameters:
    ///   - orders: of the rows.
    ///   - rowsBefore: the place of the first one in its file.
    func rows(_ orders: ColumnRows, _ rowCount: Int, after rowsBefore: Int) -> ColumnRows {
        var texts = ByteArrays()
        for row in 0..<rowCount {
            if let order = orders.text(of: row) {
                texts.append(order)
            } else {
                let number = Array(String(rowsBefore + row).utf8)
                let padding = [UInt8](repeating: UInt8(ascii: "0"), count: max(0, 10 - number.count))
                texts.append(fileOrder + [UInt8(ascii: "-")] + padding + number)
            }
        }
        return ColumnRows(ColumnArray(.byteArray(texts)), rowCount: rowCount)
    }
}
