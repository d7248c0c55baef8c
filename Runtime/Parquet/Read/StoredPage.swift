/// The header of a page, as the file has it.
/// - SeeAlso: <https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift>, `PageHeader`
struct StoredPage {
    enum Kind {
        case data(levels: LevelEncodings)
        /// Levels are uncompressed before the values.
        case dataV2(repetitionSize: Int, definitionSize: Int, isCompressed: Bool)
        case dictionary
        /// Holds nothing that a reader needs.
        case other
    }

    /// The numbers of `Encoding` in parquet.thrift.
    struct LevelEncodings {
        var definition: Int32
        var repetition: Int32
    }

    var kind = Kind.other
    var uncompressedSize = 0
    var compressedSize = 0
    /// CRC-32 of the page as it is in the file, without this header.
    var checksum: UInt32?
    /// Nulls count too.
    var valueCount = 0
    /// The number of `Encoding` in parquet.thrift.
    var encoding: Int32 = 0

    init(from thrift: inout ThriftReader) throws(ThriftReader.Fault) {
        var page = StoredPage()
        var type: Int32?
        var sizes: (uncompressed: Int?, compressed: Int?) = (nil, nil)
        try thrift.structure { thrift, field throws(ThriftReader.Fault) in
            switch field.id {
            case 1: type = try thrift.int32(field)
            case 2: sizes.uncompressed = try thrift.count(field)
            case 3: sizes.compressed = try thrift.count(field)
            case 4: page.checksum = UInt32(truncatingIfNeeded: try thrift.integer(field))
            case 5: try page.readData(field, from: &thrift)
            case 7: try page.readDictionary(field, from: &thrift)
            case 8: try page.readDataV2(field, from: &thrift)
            default: try thrift.skip(field)
            }
        }
        guard let type, let uncompressed = sizes.uncompressed, let compressed = sizes.compressed else {
            throw .malformed("a page header has no type or no size")
        }
        (page.uncompressedSize, page.compressedSize) = (uncompressed, compressed)
        switch (type, page.kind) {
        case (0, .data), (2, .dictionary), (3, .dataV2), (_, .other): break
        default: throw .malformed("a page header has the type \(type) and says otherwise in its fields")
        }
        if (0...3).contains(type), type != 1, case .other = page.kind {
            throw .malformed("a page header of type \(type) lacks the fields of its type")
        }
        self = page
    }

    private init() {}

    private mutating func readData(
        _ field: ThriftReader.Field, from thrift: inout ThriftReader
    ) throws(ThriftReader.Fault) {
        var levels = LevelEncodings(definition: 3, repetition: 3)
        var page = self
        try thrift.structure(field) { thrift, field throws(ThriftReader.Fault) in
            switch field.id {
            case 1: page.valueCount = try thrift.count(field)
            case 2: page.encoding = try thrift.int32(field)
            case 3: levels.definition = try thrift.int32(field)
            case 4: levels.repetition = try thrift.int32(field)
            default: try thrift.skip(field)
            }
        }
        self = page
        kind = .data(levels: levels)
    }

    private mutating func readDictionary(
        _ field: ThriftReader.Field, from thrift: inout ThriftReader
    ) throws(ThriftReader.Fault) {
        var page = self
        try thrift.structure(field) { thrift, field throws(ThriftReader.Fault) in
            switch field.id {
            case 1: page.valueCount = try thrift.count(field)
            case 2: page.encoding = try thrift.int32(field)
            default: try thrift.skip(field)
            }
        }
        self = page
        kind = .dictionary
    }

    private mutating func readDataV2(
        _ field: ThriftReader.Field, from thrift: inout ThriftReader
    ) throws(ThriftReader.Fault) {
        var sizes = (repetition: 0, definition: 0)
        var isCompressed = true
        var page = self
        try thrift.structure(field) { thrift, field throws(ThriftReader.Fault) in
            switch field.id {
            case 1: page.valueCount = try thrift.count(field)
            case 4: page.encoding = try thrift.int32(field)
            case 5: sizes.definition = try thrift.count(field)
            case 6: sizes.repetition = try thrift.count(field)
            case 7: isCompressed = try thrift.bool(field)
            default: try thrift.skip(field)
            }
        }
        self = page
        kind = .dataV2(
            repetitionSize: sizes.repetition, definitionSize: sizes.definition, isCompressed: isCompressed)
    }
}
