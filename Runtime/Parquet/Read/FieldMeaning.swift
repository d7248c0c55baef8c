public import Parquet

/// What the values or children of a field mean.
/// - SeeAlso: <https://github.com/apache/parquet-format/blob/master/LogicalTypes.md>
public enum FieldMeaning: Sendable, Equatable {
    /// What the writer knows too.
    case value(LogicalType)
    case list
    case map
    /// The repeated group in a map, as some writers mark it.
    case mapEntry
    case enumeration
    case bson
    /// Months, days and milliseconds in 12 bytes.
    case interval
    /// An IEEE half-precision number in 2 bytes.
    case float16
    /// All values are null.
    case null
    case timeInNanoseconds(isAdjustedToUTC: Bool)
    case timestampInNanoseconds(isAdjustedToUTC: Bool)
    case variant
    case geometry
    case geography
    /// A newer member of the union `LogicalType`, by its number. The values can be read as what they are stored as.
    case unknown(Int)
}

extension FieldMeaning {
    /// The meaning of a number of the older `ConvertedType`; nil for one that does not exist.
    init?(convertedType: Int32, precision: Int, scale: Int) {
        switch convertedType {
        case 0: self = .value(.string)
        case 1: self = .map
        case 2: self = .mapEntry
        case 3: self = .list
        case 4: self = .enumeration
        case 5: self = .value(.decimal(precision: precision, scale: scale))
        case 6: self = .value(.date)
        case 7: self = .value(.time(.milliseconds, isAdjustedToUTC: true))
        case 8: self = .value(.time(.microseconds, isAdjustedToUTC: true))
        case 9: self = .value(.timestamp(.milliseconds, isAdjustedToUTC: true))
        case 10: self = .value(.timestamp(.microseconds, isAdjustedToUTC: true))
        case 11...14: self = .value(.integer(bitWidth: 8 << Int(convertedType - 11), isSigned: false))
        case 15...18: self = .value(.integer(bitWidth: 8 << Int(convertedType - 15), isSigned: true))
        case 19: self = .value(.json)
        case 20: self = .bson
        case 21: self = .interval
        default: return nil
        }
    }

    /// Reads the union `LogicalType`; nil where it has no member.
    static func read(_ field: ThriftReader.Field, from thrift: inout ThriftReader) throws(ThriftReader.Fault)
        -> FieldMeaning?
    {
        var meaning: FieldMeaning?
        try thrift.structure(field) { thrift, member throws(ThriftReader.Fault) in
            var parts = Parts()
            try thrift.structure(member) { thrift, field throws(ThriftReader.Fault) in
                try parts.read(field, from: &thrift, of: member.id)
            }
            meaning = parts.meaning(of: member.id)
        }
        return meaning
    }

    /// What the members of the union consist of.
    private struct Parts {
        var numbers: [Int16: Int] = [:]
        var flags: [Int16: Bool] = [:]
        /// The number of a member of `TimeUnit`.
        var unit: Int16 = 0

        mutating func read(
            _ field: ThriftReader.Field, from thrift: inout ThriftReader, of member: Int16
        ) throws(ThriftReader.Fault) {
            switch (member, field.type) {
            case (5, .int32), (10, .byte): numbers[field.id] = Int(try thrift.int32(field))
            case (7, .struct), (8, .struct):
                var unit: Int16 = 0
                try thrift.structure(field) { thrift, member throws(ThriftReader.Fault) in
                    unit = member.id
                    try thrift.skip(member)
                }
                self.unit = unit
            case (_, .true), (_, .false): flags[field.id] = try thrift.bool(field)
            default: try thrift.skip(field)
            }
        }

        func meaning(of member: Int16) -> FieldMeaning {
            let isAdjustedToUTC = flags[1] ?? false
            switch (member, unit) {
            case (1, _): return .value(.string)
            case (2, _): return .map
            case (3, _): return .list
            case (4, _): return .enumeration
            case (5, _): return .value(.decimal(precision: numbers[2] ?? 0, scale: numbers[1] ?? 0))
            case (6, _): return .value(.date)
            case (7, 1): return .value(.time(.milliseconds, isAdjustedToUTC: isAdjustedToUTC))
            case (7, 2): return .value(.time(.microseconds, isAdjustedToUTC: isAdjustedToUTC))
            case (7, 3): return .timeInNanoseconds(isAdjustedToUTC: isAdjustedToUTC)
            case (8, 1): return .value(.timestamp(.milliseconds, isAdjustedToUTC: isAdjustedToUTC))
            case (8, 2): return .value(.timestamp(.microseconds, isAdjustedToUTC: isAdjustedToUTC))
            case (8, 3): return .timestampInNanoseconds(isAdjustedToUTC: isAdjustedToUTC)
            case (10, _): return .value(.integer(bitWidth: numbers[1] ?? 0, isSigned: flags[2] ?? false))
            case (11, _): return .null
            case (12, _): return .value(.json)
            case (13, _): return .bson
            case (14, _): return .value(.uuid)
            case (15, _): return .float16
            case (16, _): return .variant
            case (17, _): return .geometry
            case (18, _): return .geography
            default: return .unknown(Int(member))
            }
        }
    }
}
