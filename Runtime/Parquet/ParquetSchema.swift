/// The fields of a Parquet file, in file order.
public struct ParquetSchema: Sendable, Equatable {
    public let fields: [ParquetField]
    /// The columns of single values, those inside structs and lists too, depth first: what batches are made of.
    public let columns: [ParquetColumn]
    /// The order of the rows, the weightiest column first; empty when there is none.
    public let sortedBy: [SortingColumn]
    /// The same columns with their places.
    let leaves: [ParquetLeaf]

    /// - Throws: ``ParquetError/schema(column:reason:)`` when two fields share a name, or a column's types contradict.
    public init(_ fields: [ParquetField], sortedBy: [SortingColumn] = []) throws(ParquetError) {
        try ParquetField.checkNames(of: fields)
        for field in fields { try field.validate() }
        let leaves = fields.flatMap { $0.leaves(named: $0.name) }
        for sorting in sortedBy {
            guard let leaf = leaves.first(where: { $0.path == [sorting.name] }) else {
                throw .schema(column: sorting.name, reason: "rows cannot be sorted by a column that is not there")
            }
            guard !leaf.column.physicalType.isFloating else {
                throw .schema(column: sorting.name, reason: "rows cannot be sorted by it: NaN has no place in an order")
            }
        }
        self.fields = fields
        self.leaves = leaves
        columns = leaves.map(\.column)
        self.sortedBy = sortedBy
    }

    /// A flat file.
    public init(_ columns: [ParquetColumn], sortedBy: [SortingColumn] = []) throws(ParquetError) {
        try self.init(columns.map(ParquetField.column), sortedBy: sortedBy)
    }

    /// The place of a column of the table itself.
    func index(ofColumn name: String) -> Int? { leaves.firstIndex { $0.path == [name] } }
}

/// A column that rows are sorted by. The writer does not sort, it holds its caller to it.
/// - SeeAlso: <https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift>, `SortingColumn`
public struct SortingColumn: Sendable, Equatable {
    public var name: String
    public var isDescending: Bool
    /// Whether nulls come before all values, whichever the direction.
    public var nullsFirst: Bool

    public init(name: String, isDescending: Bool = false, nullsFirst: Bool = true) {
        self.name = name
        self.isDescending = isDescending
        self.nullsFirst = nullsFirst
    }
}

/// A column of single values.
public struct ParquetColumn: Sendable, Equatable {
    public var name: String
    public var physicalType: PhysicalType
    public var logicalType: LogicalType?
    /// Whether null is impossible. A required column has no definition levels.
    public var isRequired: Bool
    /// The identity of the column across renames, as Iceberg uses it.
    public var fieldID: Int32?
    public var encoding: EncodingChoice
    /// Nil for none.
    public var bloomFilter: BloomFilterOptions?

    public init(
        name: String, physicalType: PhysicalType, logicalType: LogicalType? = nil, isRequired: Bool = false,
        fieldID: Int32? = nil, encoding: EncodingChoice = .automatic, bloomFilter: BloomFilterOptions? = nil
    ) {
        self.name = name
        self.physicalType = physicalType
        self.logicalType = logicalType
        self.isRequired = isRequired
        self.fieldID = fieldID
        self.encoding = encoding
        self.bloomFilter = bloomFilter
    }
}

/// How values are stored.
/// - SeeAlso: <https://github.com/apache/parquet-format/blob/master/README.md#types>
public enum PhysicalType: Sendable, Equatable {
    case boolean
    case int32
    case int64
    case float
    case double
    case byteArray
    /// Values of exactly `length` bytes.
    case fixedLengthByteArray(length: Int)
}

/// What values mean.
/// - SeeAlso: <https://github.com/apache/parquet-format/blob/master/LogicalTypes.md>
public enum LogicalType: Sendable, Equatable {
    /// UTF-8 text in a byte array.
    case string
    /// JSON text in a byte array.
    case json
    /// Days since 1970-01-01 in an INT32.
    case date
    /// Time of day: INT32 for milliseconds, INT64 for microseconds.
    case time(TimeUnit, isAdjustedToUTC: Bool)
    /// Since 1970-01-01T00:00:00 in an INT64.
    case timestamp(TimeUnit, isAdjustedToUTC: Bool)
    /// An unscaled integer: INT32 to precision 9, INT64 to 18, or big-endian two's complement in a fixed-length array.
    case decimal(precision: Int, scale: Int)
    /// An integer of 8, 16, 32 (INT32) or 64 (INT64) bits.
    case integer(bitWidth: Int, isSigned: Bool)
    /// 16 bytes, big-endian.
    case uuid

    public enum TimeUnit: Sendable, Equatable {
        case milliseconds
        case microseconds
    }
}

/// Which encoding a column chunk gets.
/// - SeeAlso: <https://github.com/apache/parquet-format/blob/master/Encodings.md>
public enum EncodingChoice: Sendable, Equatable {
    /// Whatever makes the chunk's first values smallest, among the writer's ``WriterOptions/encodings``.
    case automatic
    case plain
    /// Dictionary as long as it stays small, then the type's next best.
    case dictionary
    /// DELTA_BINARY_PACKED for INT32 and INT64, DELTA_LENGTH_BYTE_ARRAY for byte arrays.
    case delta
    /// BYTE_STREAM_SPLIT, for numbers: as large as plain, but measurements compress better. Never chosen automatically,
    /// because older readers refuse it. The format has it for fixed-length byte arrays too, but DuckDB 2.0 and Polars 2.1
    /// cannot read that.
    case byteStreamSplit
}

extension ParquetColumn {
    func validate() throws(ParquetError) {
        if name.isEmpty { throw .schema(column: "(unnamed)", reason: "a column needs a name") }
        if case .fixedLengthByteArray(let length) = physicalType, length < 1 {
            throw .schema(column: name, reason: "a fixed length must be at least 1, not \(length)")
        }
        if let logicalType, !logicalType.fits(physicalType) {
            throw .schema(column: name, reason: "\(logicalType) cannot be stored as \(physicalType)")
        }
        if encoding == .delta, !physicalType.hasDeltaEncoding {
            throw .schema(column: name, reason: "no delta encoding exists for \(physicalType)")
        }
        if encoding == .byteStreamSplit, !physicalType.isNumber {
            throw .schema(column: name, reason: "only numbers are split into byte streams, not \(physicalType)")
        }
        if let bloomFilter {
            guard physicalType != .boolean else {
                throw .schema(column: name, reason: "the format has no bloom filter for booleans")
            }
            guard bloomFilter.falsePositiveRate > 0, bloomFilter.falsePositiveRate < 1,
                (32...1 << 30).contains(bloomFilter.sizeLimit)
            else {
                throw .schema(
                    column: name, reason: "a bloom filter has a rate between 0 and 1, and 32 to 2^30 bytes")
            }
        }
        if encoding == .dictionary, physicalType == .boolean {
            throw .schema(column: name, reason: "booleans have no dictionary")
        }
    }
}

extension ParquetColumn {
    var isUnsigned: Bool { if case .integer(_, isSigned: false) = logicalType { true } else { false } }
    var isDecimal: Bool { if case .decimal = logicalType { true } else { false } }
}

extension LogicalType {
    func fits(_ physicalType: PhysicalType) -> Bool {
        switch (self, physicalType) {
        case (.string, .byteArray), (.json, .byteArray), (.date, .int32), (.timestamp, .int64): true
        case (.time(.milliseconds, _), .int32), (.time(.microseconds, _), .int64): true
        case (.uuid, .fixedLengthByteArray(length: 16)): true
        case (.integer(let bitWidth, _), .int32): [8, 16, 32].contains(bitWidth)
        case (.integer(let bitWidth, _), .int64): bitWidth == 64
        case (.decimal(let precision, let scale), _):
            precision >= 1 && (0...precision).contains(scale) && precision <= physicalType.decimalDigits
        default: false
        }
    }
}

extension PhysicalType {
    /// The most decimal digits that every unscaled value of this type can hold; 0 where decimals are not written.
    var decimalDigits: Int {
        switch self {
        case .int32: 9
        case .int64: 18
        case .fixedLengthByteArray(let length): Int((Double(8 * length - 1) * 0.301_029_995_663_981_2).rounded(.down))
        case .boolean, .float, .double, .byteArray: 0
        }
    }

    var isFloating: Bool { self == .float || self == .double }

    var isNumber: Bool { isFloating || self == .int32 || self == .int64 }

    var hasDeltaEncoding: Bool {
        switch self {
        case .int32, .int64, .byteArray: true
        case .boolean, .float, .double, .fixedLengthByteArray: false
        }
    }
}
