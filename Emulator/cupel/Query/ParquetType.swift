internal import Columns
internal import Parquet
internal import Time

/// A scalar type of Athena's as a column of Parquet, and how its texts are read.
enum ParquetType {
    case boolean
    case integer(bitWidth: Int)
    case float, double
    case decimal(precision: Int, scale: Int)
    case text, json, binary
    case date
    case timestamp(isUTC: Bool)

    /// Nil for a type whose text has parts (`array`, `map`, `row`) or no counterpart in Parquet (`time`, intervals).
    init?(_ column: AthenaClient.Column) {
        switch column.type {
        case "boolean": self = .boolean
        case "tinyint": self = .integer(bitWidth: 8)
        case "smallint": self = .integer(bitWidth: 16)
        case "integer": self = .integer(bitWidth: 32)
        case "bigint": self = .integer(bitWidth: 64)
        case "float", "real": self = .float
        case "double": self = .double
        case "decimal":
            guard (1...38).contains(column.precision), (0...column.precision).contains(column.scale) else { return nil }
            self = .decimal(precision: column.precision, scale: column.scale)
        // `unknown` is the type of NULL alone.
        case "varchar", "char", "string", "uuid", "ipaddress", "unknown": self = .text
        case "json": self = .json
        case "varbinary": self = .binary
        case "date": self = .date
        case "timestamp": self = .timestamp(isUTC: false)
        case "timestamp with time zone": self = .timestamp(isUTC: true)
        default: return nil
        }
    }

    private static let bytesOfDecimal = 16

    /// An empty array of its values.
    var values: ColumnValues {
        switch self {
        case .boolean: .boolean([])
        case .integer(let bitWidth): bitWidth == 64 ? .int64([]) : .int32([])
        case .float: .float([])
        case .double: .double([])
        case .decimal(let precision, _):
            precision <= 9
                ? .int32([]) : precision <= 18 ? .int64([]) : .fixedLengthByteArray([], length: Self.bytesOfDecimal)
        case .text, .json, .binary: .byteArray(ByteArrays())
        case .date: .int32([])
        case .timestamp: .int64([])
        }
    }

    func column(named name: String) -> ParquetColumn {
        let physical: PhysicalType =
            switch values {
            case .boolean: .boolean
            case .int32: .int32
            case .int64: .int64
            case .float: .float
            case .double: .double
            case .byteArray: .byteArray
            case .fixedLengthByteArray(_, let length): .fixedLengthByteArray(length: length)
            }
        let logical: LogicalType? =
            switch self {
            case .integer(let bitWidth): .integer(bitWidth: bitWidth, isSigned: true)
            case .decimal(let precision, let scale): .decimal(precision: precision, scale: scale)
            case .text: .string
            case .json: .json
            case .date: .date
            case .timestamp(let isUTC): .timestamp(.microseconds, isAdjustedToUTC: isUTC)
            case .boolean, .float, .double, .binary: nil
            }
        return ParquetColumn(name: name, physicalType: physical, logicalType: logical)
    }

    /// Adds the value of a text.
    /// - Returns: false if the text is not one of the type.
    func append(_ text: String, to values: inout ColumnValues) -> Bool {
        switch self {
        case .boolean:
            guard text == "true" || text == "false" else { return false }
            return values.append(int: text == "true" ? 1 : 0)
        case .integer(let bitWidth):
            guard let value = Int64(text), value >> Int64(bitWidth - 1) == 0 || value >> Int64(bitWidth - 1) == -1
            else {
                return false
            }
            return values.append(int: Int128(value))
        case .float, .double: return Double(text).map { values.append(double: $0) } ?? false
        case .decimal(let precision, let scale):
            return Self.unscaled(text, precision: precision, scale: scale).map { values.append(int: $0) } ?? false
        case .text, .json: return values.append(bytes: Array(text.utf8))
        case .binary: return Self.bytes(text).map { values.append(bytes: $0) } ?? false
        case .date: return Self.day(text[...]).map { values.append(int: Int128($0)) } ?? false
        case .timestamp(let isUTC): return Self.microseconds(text, isUTC: isUTC).map { values.append(int: $0) } ?? false
        }
    }

    // MARK: Texts

    /// `-12.30` of scale 2 is -1230.
    private static func unscaled(_ text: String, precision: Int, scale: Int) -> Int128? {
        var value: Int128 = 0
        var digits = 0
        var fraction: Int?
        for (place, byte) in text.utf8.enumerated() {
            switch byte {
            case UInt8(ascii: "-") where place == 0: continue
            case UInt8(ascii: ".") where fraction == nil: fraction = 0
            case UInt8(ascii: "0")...UInt8(ascii: "9"):
                if value > 0 || byte != UInt8(ascii: "0") { digits += 1 }
                guard digits <= precision else { return nil }
                value = value * 10 + Int128(byte - UInt8(ascii: "0"))
                fraction = fraction.map { $0 + 1 }
            default: return nil
            }
        }
        guard text.utf8.contains(where: { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
            fraction ?? 0 <= scale
        else { return nil }
        for _ in (fraction ?? 0)..<scale {
            if value > 0 { digits += 1 }
            guard digits <= precision else { return nil }
            value *= 10
        }
        return text.hasPrefix("-") ? -value : value
    }

    /// Athena writes bytes as `0a ff`.
    private static func bytes(_ text: String) -> [UInt8]? {
        var bytes: [UInt8] = []
        for part in text.split(separator: " ") {
            guard part.utf8.count == 2, let byte = UInt8(part, radix: 16) else { return nil }
            bytes.append(byte)
        }
        return bytes
    }

    /// The days since 1970-01-01 of `2026-11-30`.
    private static func day(_ text: Substring) -> Int? {
        let isNegative = text.hasPrefix("-")
        let parts = text.drop { $0 == "-" }.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
        guard parts.count == 3, let year = parts[0], let month = parts[1], let day = parts[2],
            (0...999_999).contains(year)
        else { return nil }
        return CalendarDate(year: isNegative ? -year : year, month: month, day: day)?.daysSinceEpoch
    }

    /// The microseconds since 1970 of `2026-11-30 12:00:00.000`, after which a zone may be written: UTC, or `+01:00`.
    private static func microseconds(_ text: String, isUTC: Bool) -> Int128? {
        let parts = text.split(separator: " ")
        guard parts.count == (isUTC ? 3 : 2), let day = day(parts[0]) else { return nil }
        let time = parts[1].split(separator: ".", omittingEmptySubsequences: false)
        let numbers = time[0].split(separator: ":", omittingEmptySubsequences: false).map { Int($0) }
        guard time.count <= 2, numbers.count == 3, let hour = numbers[0], let minute = numbers[1],
            let second = numbers[2], let clock = TimeOfDay(hour: hour, minute: minute, second: second)
        else { return nil }
        var fraction = 0
        if time.count == 2 {
            // What is finer than a microsecond is cut.
            let digits = time[1].prefix(6)
            guard let number = Int(digits), time[1].allSatisfy(\.isNumber) else { return nil }
            fraction = (digits.count..<6).reduce(number) { value, _ in value * 10 }
        }
        var offset = 0
        if isUTC {
            guard let minutes = zone(parts[2]) else { return nil }
            offset = minutes
        }
        let seconds = Int128(day) * 86_400 + Int128(clock.secondOfDay) - Int128(offset) * 60
        return seconds * 1_000_000 + Int128(fraction)
    }

    /// The minutes by which a zone is ahead of UTC; nil for a name that the time zones' own rules explain.
    private static func zone(_ text: Substring) -> Int? {
        if ["UTC", "Z", "GMT"].contains(text) { return 0 }
        guard let sign = text.first, sign == "+" || sign == "-" else { return nil }
        let parts = text.dropFirst().split(separator: ":").map { Int($0) }
        guard parts.count == 2, let hours = parts[0], let minutes = parts[1], (0...14).contains(hours),
            (0..<60).contains(minutes)
        else { return nil }
        return (sign == "-" ? -1 : 1) * (hours * 60 + minutes)
    }
}

extension ColumnValues {
    /// Adds an integer as the type has it.
    /// - Returns: false if it does not fit.
    fileprivate mutating func append(int value: Int128) -> Bool {
        // Each array leaves the enum while it changes: with two owners it would be copied.
        switch self {
        case .boolean(var values):
            self = .boolean([])
            values.append(UInt8(truncatingIfNeeded: value))
            self = .boolean(values)
        case .int32(var values):
            guard let value = Int32(exactly: value) else { return false }
            self = .boolean([])
            values.append(value)
            self = .int32(values)
        case .int64(var values):
            guard let value = Int64(exactly: value) else { return false }
            self = .boolean([])
            values.append(value)
            self = .int64(values)
        case .fixedLengthByteArray(var values, let length):
            self = .boolean([])
            for place in (0..<length).reversed() { values.append(UInt8(truncatingIfNeeded: value >> (8 * place))) }
            self = .fixedLengthByteArray(values, length: length)
        case .float, .double, .byteArray: return false
        }
        return true
    }

    fileprivate mutating func append(double value: Double) -> Bool {
        switch self {
        case .float(var values):
            self = .boolean([])
            values.append(Float(value))
            self = .float(values)
        case .double(var values):
            self = .boolean([])
            values.append(value)
            self = .double(values)
        default: return false
        }
        return true
    }

    fileprivate mutating func append(bytes: [UInt8]) -> Bool {
        guard case .byteArray(var values) = self else { return false }
        self = .boolean([])
        values.append(bytes)
        self = .byteArray(values)
        return true
    }
}
