/// How a partition's value is made from a column's.
/// - SeeAlso: <https://iceberg.apache.org/spec/#partition-transforms>
public enum PartitionTransform: Sendable, Hashable, CustomStringConvertible {
    case identity, year, month, day, hour, void
    case bucket(Int32)
    case truncate(Int32)

    public init?(_ name: String) {
        switch name {
        case "identity": self = .identity
        case "year": self = .year
        case "month": self = .month
        case "day": self = .day
        case "hour": self = .hour
        case "void": self = .void
        default:
            guard name.hasSuffix("]"), let open = name.firstIndex(of: "["),
                let width = Int32(name[name.index(after: open)...].dropLast()), width > 0
            else { return nil }
            switch name[..<open] {
            case "bucket": self = .bucket(width)
            case "truncate": self = .truncate(width)
            default: return nil
            }
        }
    }

    public var description: String {
        switch self {
        case .identity: "identity"
        case .year: "year"
        case .month: "month"
        case .day: "day"
        case .hour: "hour"
        case .void: "void"
        case .bucket(let count): "bucket[\(count)]"
        case .truncate(let width): "truncate[\(width)]"
        }
    }

    /// The name of a partition's field, as engines choose it.
    public func fieldName(of column: String) -> String {
        switch self {
        case .identity: column
        case .bucket: "\(column)_bucket"
        case .truncate: "\(column)_trunc"
        case .void: "\(column)_null"
        default: "\(column)_\(self)"
        }
    }

    /// The type of a partition's value; nil where the transform does not take the column's type.
    public func resultType(of source: IcebergType) -> IcebergType? {
        switch (self, source) {
        case (.identity, .structure), (.identity, .list), (.identity, .map): nil
        case (.identity, _), (.void, _): source
        case (.year, .date), (.year, .timestamp), (.year, .timestamptz): .int
        case (.month, .date), (.month, .timestamp), (.month, .timestamptz): .int
        case (.day, .date), (.day, .timestamp), (.day, .timestamptz): .date
        case (.hour, .timestamp), (.hour, .timestamptz): .int
        case (.bucket, .boolean), (.bucket, .float), (.bucket, .double): nil
        case (.bucket, .structure), (.bucket, .list), (.bucket, .map): nil
        case (.bucket, _): .int
        case (.truncate, .int), (.truncate, .long), (.truncate, .string), (.truncate, .binary), (.truncate, .decimal):
            source
        default: nil
        }
    }

    /// The partition's value; nil for a null.
    /// - Parameter type: the column's type, which the transform takes.
    public func apply(_ value: IcebergValue?, of type: IcebergType) -> IcebergValue? {
        guard let value, self != .void else { return nil }
        switch (self, value) {
        case (.identity, _): return value
        case (.bucket(let count), _):
            return value.bucketHash(of: type).map { .int(Int32(bitPattern: $0 & 0x7FFF_FFFF) % count) }
        case (.truncate(let width), .int(let value)):
            return .int(value &- Int32(Self.floored(Int(value), Int(width)).rest))
        case (.truncate(let width), .long(let value)):
            return .long(value &- Int64(Self.floored(Int(value), Int(width)).rest))
        case (.truncate(let width), .decimal(let value)):
            return .decimal(value - ((value % Int128(width)) + Int128(width)) % Int128(width))
        case (.truncate(let width), .string(let value)):
            return .string(String(String.UnicodeScalarView(value.unicodeScalars.prefix(Int(width)))))
        case (.truncate(let width), .bytes(let value)): return .bytes(Array(value.prefix(Int(width))))
        case (_, .int(let days)): return temporal(days: Int(days))
        case (_, .long(let microseconds)):
            if self == .hour {
                return .int(Int32(truncatingIfNeeded: Self.floored(Int(microseconds), 3_600_000_000).quotient))
            }
            return temporal(days: Self.floored(Int(microseconds), 86_400_000_000).quotient)
        default: return nil
        }
    }

    /// Years and months since 1970, days since its first.
    private func temporal(days: Int) -> IcebergValue? {
        if self == .day { return .int(Int32(truncatingIfNeeded: days)) }
        // Howard Hinnant's civil_from_days: eras of 400 years that begin in March.
        let (era, day) = Self.floored(days + 719_468, 146_097)
        let yearOfEra = (day - day / 1460 + day / 36_524 - day / 146_096) / 365
        let dayOfYear = day - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let march = (5 * dayOfYear + 2) / 153
        let month = march < 10 ? march + 3 : march - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        return .int(Int32(truncatingIfNeeded: self == .year ? year - 1970 : (year - 1970) * 12 + month - 1))
    }

    private static func floored(_ value: Int, _ divisor: Int) -> (quotient: Int, rest: Int) {
        let (quotient, rest) = value.quotientAndRemainder(dividingBy: divisor)
        return rest < 0 ? (quotient - 1, rest + divisor) : (quotient, rest)
    }
}

extension IcebergValue {
    /// The hash that buckets are made by; nil for types that have none.
    /// - SeeAlso: <https://iceberg.apache.org/spec/#appendix-b-32-bit-hash-requirements>
    fileprivate func bucketHash(of type: IcebergType) -> UInt32? {
        switch self {
        case .int(let value): Murmur3.hash(IcebergValue.long(Int64(value)).serialized)
        case .long, .decimal, .string, .bytes: Murmur3.hash(serialized)
        case .boolean, .float, .double: nil
        }
    }
}

/// MurmurHash3, 32 bits, seed 0.
private enum Murmur3 {
    static func hash(_ bytes: [UInt8]) -> UInt32 {
        var hash: UInt32 = 0
        let whole = bytes.count / 4 * 4
        for start in stride(from: 0, to: whole, by: 4) {
            hash = rotate(hash ^ mixed(word(bytes[start..<start + 4])), 13) &* 5 &+ 0xe654_6b64
        }
        hash ^= mixed(word(bytes[whole...]))
        hash ^= UInt32(bytes.count)
        hash = (hash ^ hash >> 16) &* 0x85eb_ca6b
        hash = (hash ^ hash >> 13) &* 0xc2b2_ae35
        return hash ^ hash >> 16
    }

    private static func word(_ bytes: ArraySlice<UInt8>) -> UInt32 {
        bytes.reversed().reduce(0) { $0 << 8 | UInt32($1) }
    }

    private static func mixed(_ word: UInt32) -> UInt32 { rotate(word &* 0xcc9e_2d51, 15) &* 0x1b87_3593 }

    private static func rotate(_ word: UInt32, _ bits: UInt32) -> UInt32 { word << bits | word >> (32 - bits) }
}
