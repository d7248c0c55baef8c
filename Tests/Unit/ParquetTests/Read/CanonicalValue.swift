import Columns
import JSON
import Parquet
import ParquetRead

extension FileColumn {
    /// A value in the referee's canonical form.
    func canonical(_ cell: [UInt8]) -> JSON {
        func number<Number: FixedWidthInteger>(_ type: Number.Type) -> Number {
            cell.reversed().reduce(0) { $0 << 8 | Number(truncatingIfNeeded: $1) }
        }
        if case .value(.decimal) = meaning {
            let bytes: [UInt8]
            switch physicalType {
            case .int32, .int64: bytes = cell.reversed()
            default: bytes = cell
            }
            return .string(Self.decimal(bytes))
        }
        switch physicalType {
        case .boolean: return .bool(cell == [1])
        case .int32:
            if case .value(.integer(_, isSigned: false)) = meaning { return .int(number(UInt32.self)) }
            return .int(number(Int32.self))
        case .int64:
            if case .value(.integer(_, isSigned: false)) = meaning { return .int(number(UInt64.self)) }
            return .int(number(Int64.self))
        case .float:
            let bits = number(UInt32.self)
            return .string(Float(bitPattern: bits).isNaN ? "nan" : String(bits, radix: 16))
        case .double:
            let bits = number(UInt64.self)
            return .string(Double(bitPattern: bits).isNaN ? "nan" : String(bits, radix: 16))
        case .byteArray:
            switch meaning {
            case .value(.string), .value(.json), .enumeration: return .string(String(decoding: cell, as: UTF8.self))
            default: return .string(cell.hexadecimal)
            }
        case .fixedLengthByteArray where isInt96:
            // Nanoseconds since 1970, which wrap around as in pyarrow.
            let nanoseconds = cell[..<8].reversed().reduce(Int64(0)) { $0 << 8 | Int64($1) }
            let julianDay = cell[8...].reversed().reduce(Int64(0)) { $0 << 8 | Int64($1) }
            return .int((julianDay &- 2_440_588) &* 86_400_000_000_000 &+ nanoseconds)
        case .fixedLengthByteArray where meaning == .float16:
            let isNaN = cell[1] & 0x7C == 0x7C && (cell[1] & 3 != 0 || cell[0] != 0)
            return .string(isNaN ? "nan" : cell.hexadecimal)
        case .fixedLengthByteArray: return .string(cell.hexadecimal)
        }
    }

    /// The decimal digits of a big-endian two's complement number of any length.
    private static func decimal(_ bytes: [UInt8]) -> String {
        let isNegative = (bytes.first ?? 0) & 0x80 != 0
        return bytes.reduce(isNegative ? Int128(-1) : 0) { $0 << 8 | Int128($1) }.description
    }
}
