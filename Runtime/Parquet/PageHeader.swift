/// How the values of a page are laid out; the numbers of `Encoding` in parquet.thrift.
enum PageEncoding: Int32 {
    case plain = 0
    /// Runs, as levels use them.
    case rle = 3
    case deltaBinaryPacked = 5
    case deltaLengthByteArray = 6
    case rleDictionary = 8
    case byteStreamSplit = 9
}

/// What a data page holds, whatever its version.
struct DataPage {
    var encoding: PageEncoding
    var rowCount: Int
    /// Nulls count too.
    var valueCount: Int
    var nullCount: Int
}

/// The header before each page.
/// - SeeAlso: <https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift>, `PageHeader`
struct PageHeader {
    enum Kind {
        case data(DataPage)
        /// Levels are uncompressed before the values, `repetitionSize` and `definitionSize` bytes of them.
        case dataV2(DataPage, repetitionSize: Int, definitionSize: Int, isCompressed: Bool)
        case dictionary(keyCount: Int)
    }

    var kind: Kind
    var uncompressedSize: Int
    var compressedSize: Int
    /// CRC-32 of the page as it is in the file, without this header.
    var checksum: UInt32?

    func write(to thrift: inout ThriftWriter) {
        thrift.structure { thrift in
            thrift.field(1, kind.pageType)
            thrift.field(2, Int32(uncompressedSize))
            thrift.field(3, Int32(compressedSize))
            thrift.field(4, checksum.map { Int32(bitPattern: $0) })
            switch kind {
            case .data(let page):
                thrift.field(5) { header in
                    header.field(1, Int32(page.valueCount))
                    header.field(2, page.encoding.rawValue)
                    header.field(3, PageEncoding.rle.rawValue)
                    header.field(4, PageEncoding.rle.rawValue)
                }
            case .dictionary(let keyCount):
                thrift.field(7) { header in
                    header.field(1, Int32(keyCount))
                    header.field(2, PageEncoding.plain.rawValue)
                }
            case .dataV2(let page, let repetitionSize, let definitionSize, let isCompressed):
                thrift.field(8) { header in
                    header.field(1, Int32(page.valueCount))
                    header.field(2, Int32(page.nullCount))
                    header.field(3, Int32(page.rowCount))
                    header.field(4, page.encoding.rawValue)
                    header.field(5, Int32(definitionSize))
                    header.field(6, Int32(repetitionSize))
                    header.field(7, isCompressed)
                }
            }
        }
    }
}

extension PageHeader.Kind {
    /// The number of `PageType` in parquet.thrift.
    var pageType: Int32 {
        switch self {
        case .data: 0
        case .dictionary: 2
        case .dataV2: 3
        }
    }
}
