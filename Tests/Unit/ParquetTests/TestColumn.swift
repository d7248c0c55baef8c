import Columns
import JSON
import Parquet
import TestRandom

/// How the values of a test column follow each other. Each shape favours another encoding.
enum Shape: String, CaseIterable {
    case constant, repeating, ascending, random, extremes
    /// Few distinct values first, then all distinct: the dictionary stops saving space.
    case drifting
    /// Extreme and random values alternate.
    case mixed

    /// The shape of the value at `position`.
    func part(at position: Int) -> Shape { self == .mixed ? (position.isMultiple(of: 2) ? .extremes : .random) : self }
}

/// Which rows are null.
enum Nulls: String, CaseIterable {
    case never, sometimes, inRuns, always
}

/// One column's rows: the writer's input and what the referee expects.
struct TestColumn {
    var column: ParquetColumn
    var values: ColumnValues
    var isPresent: [Bool]
    /// One JSON value for each row, in the referee's canonical form.
    var expected: [JSON]
    /// The Parquet names of the encodings that the column chunk must have.
    var encodings: [String] = []

    var rowCount: Int { isPresent.count }

    /// The rows in `range` as a batch.
    func batch(_ range: Range<Int>) -> ColumnArray {
        let first = isPresent[..<range.lowerBound].count { $0 }
        let count = isPresent[range].count { $0 }
        let values: ColumnValues =
            switch self.values {
            case .boolean(let all): .boolean(Array(all[first..<first + count]))
            case .int32(let all): .int32(Array(all[first..<first + count]))
            case .int64(let all): .int64(Array(all[first..<first + count]))
            case .float(let all): .float(Array(all[first..<first + count]))
            case .double(let all): .double(Array(all[first..<first + count]))
            case .byteArray(let all):
                .byteArray(ByteArrays(offsets: Array(all.offsets[first...first + count]), bytes: all.bytes))
            case .fixedLengthByteArray(let all, let length):
                .fixedLengthByteArray(Array(all[first * length..<(first + count) * length]), length: length)
            }
        if column.isRequired { return ColumnArray(values) }
        var words = [UInt64](repeating: 0, count: range.count / 64 + 1)
        for (position, row) in range.enumerated() where isPresent[row] { words[position / 64] |= 1 << (position % 64) }
        return ColumnArray(values, presence: words)
    }
}

extension TestColumn {
    static func isPresent(
        _ nulls: Nulls, rowCount: Int, using generator: inout SeededGenerator
    ) -> [Bool] {
        var inRun = false
        return (0..<rowCount).map { _ in
            switch nulls {
            case .never: return true
            case .always: return false
            case .sometimes: return generator.next() % 10 != 0
            case .inRuns:
                if generator.next() % 150 == 0 { inRun.toggle() }
                return !inRun
            }
        }
    }

    /// Creates a column of `rowCount` rows of the given type, shape and nulls.
    init(
        _ type: PhysicalType, _ logicalType: LogicalType?, _ shape: Shape, _ nulls: Nulls,
        encoding: EncodingChoice = .automatic, rowCount: Int, using generator: inout SeededGenerator
    ) {
        let isPresent = Self.isPresent(nulls, rowCount: rowCount, using: &generator)
        let count = isPresent.count { $0 }
        let numbers = Self.numbers(shape, count: count, using: &generator)
        let cells: [JSON]
        let values: ColumnValues
        switch type {
        case .boolean:
            let array = numbers.map { UInt8($0 & 1) }
            values = .boolean(array)
            cells = array.map { .bool($0 == 1) }
        case .int32:
            var array = numbers.map { Int32(truncatingIfNeeded: $0) }
            if case .decimal = logicalType { array = array.map { $0 % 1_000_000_000 } }
            if logicalType == .date { array = array.map { $0 % 100_000 } }
            if case .time = logicalType { array = array.map { Int32($0.magnitude % 86_400_000) } }
            if case .integer(let bitWidth, _) = logicalType, bitWidth < 32 {
                array = array.map { Self.fitting($0, logicalType) }
            }
            values = .int32(array)
            cells = array.map { Self.integer(Int64($0), logicalType) }
        case .int64:
            var array = numbers
            if case .decimal = logicalType { array = array.map { $0 % 1_000_000_000_000_000_000 } }
            if case .timestamp(let unit, _) = logicalType {
                array = array.map { $0 % (unit == .milliseconds ? 4_000_000_000_000 : 4_000_000_000_000_000) }
            }
            if case .time = logicalType { array = array.map { Int64($0.magnitude % 86_400_000_000) } }
            values = .int64(array)
            cells = array.map { Self.integer($0, logicalType) }
        case .float:
            let array = numbers.map { Float($0 % 100_003) / 7 }
            let special: [Float] = [.infinity, -.infinity, .nan, -0.0, 0.0, .leastNonzeroMagnitude]
            let all = array.indices.map {
                shape.part(at: $0) == .extremes ? special[$0 / 2 % special.count] : array[$0]
            }
            values = .float(all)
            cells = all.map { Self.bits($0.isNaN, UInt64($0.bitPattern)) }
        case .double:
            let array = numbers.map { Double($0 % 1_000_000_007) / 7 }
            let special: [Double] = [.infinity, -.infinity, .nan, -0.0, 0.0, .leastNonzeroMagnitude]
            let all = array.indices.map {
                shape.part(at: $0) == .extremes ? special[$0 / 2 % special.count] : array[$0]
            }
            values = .double(all)
            cells = all.map { Self.bits($0.isNaN, $0.bitPattern) }
        case .byteArray:
            let texts = numbers.enumerated().map { Self.text($1, at: $0, shape.part(at: $0), logicalType) }
            var offsets: [UInt32] = [0]
            var bytes: [UInt8] = []
            for text in texts {
                bytes += text
                offsets.append(UInt32(bytes.count))
            }
            values = .byteArray(ByteArrays(offsets: offsets, bytes: bytes))
            cells = texts.map {
                logicalType == nil ? .string($0.hexadecimal) : .string(String(decoding: $0, as: UTF8.self))
            }
        case .fixedLengthByteArray(let length):
            let texts = numbers.map { Self.fixed($0, length, logicalType) }
            values = .fixedLengthByteArray(Array(texts.joined()), length: length)
            cells = zip(texts, numbers).map { text, _ in
                if case .decimal = logicalType { .string(Self.decimal(text)) } else { .string(text.hexadecimal) }
            }
        }
        var next = cells.makeIterator()
        expected = isPresent.map { $0 ? next.next() ?? .null : .null }
        let isRequired = nulls == .never
        let suffix = encoding == .automatic ? "" : "_\(encoding)"
        column = ParquetColumn(
            name: "\(Self.name(type, logicalType))_\(shape)\(isRequired ? "" : "_\(nulls)")\(suffix)",
            physicalType: type, logicalType: logicalType, isRequired: isRequired, encoding: encoding)
        self.values = values
        self.isPresent = isPresent
    }

    private static func numbers(_ shape: Shape, count: Int, using generator: inout SeededGenerator) -> [Int64] {
        var last = Int64(generator.next() % 1_000_000)
        let extremes: [Int64] = [.min, .max, 0, -1, 1, Int64(Int32.min), Int64(Int32.max), 255, 256, -129]
        return (0..<count).map { position in
            switch shape.part(at: position) {
            case .constant: return 42
            case .repeating: return Int64(generator.next() % 7) * 1_000_003 - 3
            case .ascending:
                last += Int64(generator.next() % 5)
                return last
            case .random: return Int64(bitPattern: generator.next())
            case .extremes: return extremes[(shape == .mixed ? position / 2 : position) % extremes.count]
            case .mixed: preconditionFailure("a mixture has parts")
            case .drifting: return position < 700 ? Int64(position % 5) : Int64(bitPattern: generator.next() >> 20)
            }
        }
    }

    private static func text(
        _ number: Int64, at position: Int, _ shape: Shape, _ logicalType: LogicalType?
    ) -> [UInt8] {
        if logicalType == .json { return (["n": .int(number), "text": .string(shape.rawValue)] as JSON).bytes }
        if logicalType == nil, shape == .extremes {
            return [[], [0], [0xFF], [0xFF, 0xFF], Array(repeating: 0xFF, count: 80)][position / 2 % 5]
        }
        switch shape {
        case .extremes:
            let samples = [
                "", "é", "日本語のビール", "a\nb\"c,d", String(repeating: "長", count: 40), "\u{10FFFF}",
                String(repeating: "z", count: 200), "\u{0}",
            ]
            return Array(samples[position / 2 % samples.count].utf8)
        case .random: return Array("beer \(number) from brewery \(number % 977)".utf8)
        default: return Array("value-\(number)".utf8)
        }
    }

    private static func fixed(_ number: Int64, _ length: Int, _ logicalType: LogicalType?) -> [UInt8] {
        let bytes = withUnsafeBytes(of: number.bigEndian) { Array($0) }
        let fill: UInt8 = number < 0 ? 0xFF : 0
        if case .decimal = logicalType {
            return Array(repeating: fill, count: max(0, length - 8)) + bytes.suffix(length)
        }
        return (0..<length).map { bytes[$0 % 8] }
    }

    /// The decimal digits of a big-endian two's complement number of up to 16 bytes.
    private static func decimal(_ bytes: [UInt8]) -> String {
        let negative = (bytes.first ?? 0) & 0x80 != 0
        return bytes.reduce(negative ? Int128(-1) : 0) { $0 << 8 | Int128($1) }.description
    }

    private static func fitting(_ value: Int32, _ type: LogicalType?) -> Int32 {
        switch type {
        case .integer(8, isSigned: true): Int32(Int8(truncatingIfNeeded: value))
        case .integer(8, isSigned: false): Int32(UInt8(truncatingIfNeeded: value))
        case .integer(16, isSigned: true): Int32(Int16(truncatingIfNeeded: value))
        case .integer(16, isSigned: false): Int32(UInt16(truncatingIfNeeded: value))
        default: value
        }
    }

    private static func integer(_ value: Int64, _ type: LogicalType?) -> JSON {
        switch type {
        case .integer(32, isSigned: false): .int(UInt32(truncatingIfNeeded: value))
        case .integer(64, isSigned: false): .int(UInt64(bitPattern: value))
        case .decimal: .string(String(value))
        default: .int(value)
        }
    }

    private static func bits(_ isNaN: Bool, _ pattern: UInt64) -> JSON {
        .string(isNaN ? "nan" : String(pattern, radix: 16))
    }

    private static func name(_ type: PhysicalType, _ logicalType: LogicalType?) -> String {
        let text = logicalType.map { "\($0)" } ?? "\(type)"
        return String(text.map { $0.isLetter || $0.isNumber ? $0 : "_" })
    }
}

extension Sequence<UInt8> {
    var hexadecimal: String { map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined() }
}
