internal import Columns
internal import Iceberg
internal import Lake
internal import Parquet
internal import ParquetRead

/// How the values of a file's column become those of a column of silver. Bronze has types that Iceberg lacks, and files of
/// older contracts have narrower ones than the table has now.
enum ValueConversion: Sendable {
    case none
    /// From 32-bit integers to longs.
    case widened
    /// From 32-bit integers without a sign, which Iceberg lacks, to longs.
    case unsigned
    /// From milliseconds to microseconds.
    case microseconds
    /// The same for a time of day, which has 32 bits.
    case timeOfDay
    case double
    /// From decimals of fewer digits, or that another engine stores in another way: integers or bytes, the weightiest first.
    case decimal(PhysicalType)

    /// - Returns: nil if the column's values are none of the type.
    init?(_ stored: FileColumn, to type: IcebergType) {
        guard !stored.isInt96 else { return nil }
        switch (type, stored.physicalType, stored.meaning) {
        case (.boolean, .boolean, _), (.float, .float, _), (.double, .double, _): self = .none
        case (.double, .float, _): self = .double
        case (.int, .int32, nil): self = .none
        case (.int, .int32, .value(.integer(let width, let isSigned))) where width < 32 || isSigned: self = .none
        case (.long, .int64, nil), (.long, .int64, .value(.integer(_, isSigned: true))): self = .none
        case (.long, .int32, .value(.integer(32, isSigned: false))): self = .unsigned
        case (.long, .int32, nil), (.long, .int32, .value(.integer)): self = .widened
        case (.string, .byteArray, nil), (.string, .byteArray, .value), (.string, .byteArray, .enumeration):
            self = .none
        case (.binary, .byteArray, _), (.uuid, .fixedLengthByteArray(16), _): self = .none
        case (.fixed(let length), .fixedLengthByteArray(let stored), _) where length == stored: self = .none
        case (.date, .int32, .value(.date)): self = .none
        case (.time, .int64, .value(.time(.microseconds, _))): self = .none
        case (.time, .int32, .value(.time(.milliseconds, _))): self = .timeOfDay
        case (.timestamp, .int64, .value(.timestamp(let unit, false))),
            (.timestamptz, .int64, .value(.timestamp(let unit, true))):
            self = unit == .microseconds ? .none : .microseconds
        case (.decimal(let precision, let scale), let physical, .value(.decimal(let narrower, let storedScale)))
        where narrower <= precision && storedScale == scale && physical != .byteArray:
            let wanted = IcebergType.physicalType(ofDecimal: precision)
            self = physical == wanted ? .none : .decimal(wanted)
        default: return nil
        }
    }

    var isNone: Bool { if case .none = self { true } else { false } }

    /// The values as silver has them.
    func callAsFunction(_ array: ColumnArray) -> ColumnArray {
        var result = array
        switch (self, array.values) {
        case (.widened, .int32(let values)): result.values = .int64(values.map(Int64.init))
        case (.unsigned, .int32(let values)): result.values = .int64(values.map { Int64(UInt32(bitPattern: $0)) })
        case (.microseconds, .int64(let values)): result.values = .int64(values.map { $0 &* 1000 })
        case (.timeOfDay, .int32(let values)): result.values = .int64(values.map { Int64($0) * 1000 })
        case (.double, .float(let values)): result.values = .double(values.map(Double.init))
        case (.decimal(let physical), .int32(let values)):
            result.values = Self.decimals(values.map { Int128($0) }, physical)
        case (.decimal(let physical), .int64(let values)):
            result.values = Self.decimals(values.map { Int128($0) }, physical)
        case (.decimal(let physical), .fixedLengthByteArray(let bytes, let length)):
            let values = stride(from: 0, to: bytes.count, by: length).map { start in
                bytes[start..<start + length].reduce(bytes[start] >= 0x80 ? Int128(-1) : 0) { $0 << 8 | Int128($1) }
            }
            result.values = Self.decimals(values, physical)
        default: break
        }
        return result
    }

    private static func decimals(_ values: [Int128], _ physical: PhysicalType) -> ColumnValues {
        switch physical {
        case .int32: return .int32(values.map { Int32(truncatingIfNeeded: $0) })
        case .fixedLengthByteArray(let length):
            var bytes: [UInt8] = []
            bytes.reserveCapacity(values.count * length)
            for value in values { withUnsafeBytes(of: value.bigEndian) { bytes.append(contentsOf: $0.suffix(length)) } }
            return .fixedLengthByteArray(bytes, length: length)
        default: return .int64(values.map { Int64(truncatingIfNeeded: $0) })
        }
    }
}

/// Where a column of silver is in a file.
struct StoredColumn: Sendable {
    let index: Int
    /// The field's name in the file, which an older contract may have given.
    let name: String
    let conversion: ValueConversion

    /// - Returns: nil if the values are none of the type.
    init?(_ stored: FileColumn, to type: IcebergType, _ leaf: NestedLeaf? = nil) {
        let isAsDeep =
            leaf.map {
                stored.maximumDefinition == $0.maximumDefinition && stored.maximumRepetition == $0.maximumRepetition
            } ?? stored.isFlat
        guard isAsDeep, let conversion = ValueConversion(stored, to: type) else { return nil }
        self.conversion = conversion
        index = stored.index
        name = stored.path[0]
    }
}

extension FileColumn {
    /// For people: `int64 of timestamp(…)`.
    var typeName: String { "\(physicalType)" + (logicalType.map { " of \($0)" } ?? "") }
}
