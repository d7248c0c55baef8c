/// How the values of a page are laid out; the numbers of `Encoding` in parquet.thrift.
enum PageEncoding: Int32 {
    case plain = 0
    /// Runs, as levels use them.
    case rle = 3
    case deltaBinaryPacked = 5
    case deltaLengthByteArray = 6
    case rleDictionary = 8
}

/// What stands before each page.
/// - SeeAlso: <https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift>, `PageHeader`
struct PageHeader {
    enum Kind {
        /// Data page V1; `valueCount` counts nulls too.
        case data(valueCount: Int, PageEncoding)
        case dictionary(keyCount: Int)
    }

    var kind: Kind
    var uncompressedSize: Int
    var compressedSize: Int
    /// CRC-32 of the compressed page.
    var checksum: UInt32?

    func write(to thrift: inout ThriftWriter) {
        thrift.structure { thrift in
            let type: Int32 = if case .data = kind { 0 } else { 2 }
            thrift.field(1, type)
            thrift.field(2, Int32(uncompressedSize))
            thrift.field(3, Int32(compressedSize))
            thrift.field(4, checksum.map { Int32(bitPattern: $0) })
            switch kind {
            case .data(let valueCount, let encoding):
                thrift.field(5) { data in
                    data.field(1, Int32(valueCount))
                    data.field(2, encoding.rawValue)
                    data.field(3, PageEncoding.rle.rawValue)
                    data.field(4, PageEncoding.rle.rawValue)
                }
            case .dictionary(let keyCount):
                thrift.field(7) { dictionary in
                    dictionary.field(1, Int32(keyCount))
                    dictionary.field(2, PageEncoding.plain.rawValue)
                }
            }
        }
    }
}
