/// A single value, as partitions and bounds have it.
public enum IcebergValue: Sendable, Hashable {
    case boolean(Bool)
    /// An int, a date in days.
    case int(Int32)
    /// A long, a time or timestamp in microseconds.
    case long(Int64)
    case float(Float)
    case double(Double)
    /// A decimal without its point.
    case decimal(Int128)
    case string(String)
    /// Of binary, fixed and uuid.
    case bytes([UInt8])

    /// The binary form that bounds have.
    /// - SeeAlso: <https://iceberg.apache.org/spec/#binary-single-value-serialization>
    public var serialized: [UInt8] {
        switch self {
        case .boolean(let value): [value ? 1 : 0]
        case .int(let value): withUnsafeBytes(of: value.littleEndian) { Array($0) }
        case .long(let value): withUnsafeBytes(of: value.littleEndian) { Array($0) }
        case .float(let value): withUnsafeBytes(of: value.bitPattern.littleEndian) { Array($0) }
        case .double(let value): withUnsafeBytes(of: value.bitPattern.littleEndian) { Array($0) }
        case .decimal(let value): Self.minimal(value)
        case .string(let value): Array(value.utf8)
        case .bytes(let value): value
        }
    }

    /// Reads the binary form; nil if the bytes are none of the type. An int may stand where the type is now long, and a
    /// float where it is now double: the type was promoted after the file was written.
    public init?(serialized bytes: [UInt8], as type: IcebergType) {
        switch type {
        case .boolean:
            guard bytes.count == 1 else { return nil }
            self = .boolean(bytes[0] != 0)
        case .int, .date:
            guard bytes.count == 4 else { return nil }
            self = .int(Int32(truncatingIfNeeded: Self.littleEndian(bytes)))
        case .long, .time, .timestamp, .timestamptz:
            guard bytes.count == 8 || bytes.count == 4 && type == .long else { return nil }
            let value = Self.littleEndian(bytes)
            self = .long(bytes.count == 4 ? Int64(Int32(truncatingIfNeeded: value)) : Int64(bitPattern: value))
        case .float:
            guard bytes.count == 4 else { return nil }
            self = .float(Float(bitPattern: UInt32(Self.littleEndian(bytes))))
        case .double:
            guard bytes.count == 8 || bytes.count == 4 else { return nil }
            let value = Self.littleEndian(bytes)
            self = .double(bytes.count == 4 ? Double(Float(bitPattern: UInt32(value))) : Double(bitPattern: value))
        case .decimal:
            guard (1...16).contains(bytes.count) else { return nil }
            self = .decimal(bytes.reduce(bytes[0] >= 0x80 ? Int128(-1) : 0) { ($0 << 8) | Int128($1) })
        case .string: self = .string(String(decoding: bytes, as: UTF8.self))
        case .binary, .fixed, .uuid: self = .bytes(bytes)
        case .structure, .list, .map: return nil
        }
    }

    /// Texts are equal byte by byte: two spellings of a letter are two values, which Swift's strings do not tell apart.
    public static func == (left: IcebergValue, right: IcebergValue) -> Bool {
        switch (left, right) {
        case (.boolean(let left), .boolean(let right)): left == right
        case (.int(let left), .int(let right)): left == right
        case (.long(let left), .long(let right)): left == right
        case (.float(let left), .float(let right)): left == right
        case (.double(let left), .double(let right)): left == right
        case (.decimal(let left), .decimal(let right)): left == right
        case (.string(let left), .string(let right)): left.utf8.elementsEqual(right.utf8)
        case (.bytes(let left), .bytes(let right)): left == right
        default: false
        }
    }

    public func hash(into hasher: inout Hasher) {
        switch self {
        case .boolean(let value): hasher.combine(value)
        case .int(let value): hasher.combine(value)
        case .long(let value): hasher.combine(value)
        case .float(let value): hasher.combine(value)
        case .double(let value): hasher.combine(value)
        case .decimal(let value): hasher.combine(value)
        case .string(let value):
            for byte in value.utf8 { hasher.combine(byte) }
            hasher.combine(0xFF as UInt8)
        case .bytes(let value): hasher.combine(value)
        }
    }

    private static func littleEndian(_ bytes: [UInt8]) -> UInt64 {
        bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }

    /// The fewest bytes of two's complement, the first the weightiest.
    private static func minimal(_ value: Int128) -> [UInt8] {
        let all = withUnsafeBytes(of: value.bigEndian) { Array($0) }
        let sign: UInt8 = value < 0 ? 0xFF : 0
        let extra = zip(all, all.dropFirst()).prefix { $0 == sign && ($1 >= 0x80) == (value < 0) }.count
        return Array(all[extra...])
    }
}
