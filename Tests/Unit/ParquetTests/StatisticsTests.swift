import Columns
import Testing

@testable import Parquet

struct StatisticsTests {
    private func statistics(_ values: ColumnValues, _ column: ParquetColumn, textLimit: Int = 8) -> ColumnStatistics {
        let slice = ValueSlice(values: values, range: 0..<(values.count(as: column.physicalType) ?? 0))
        return ColumnStatistics(
            ValueSummary(of: slice, nullCount: 0, in: column), of: column, textLimit: textLimit)
    }

    private func text(_ values: [String], textLimit: Int = 8) -> ColumnStatistics {
        var offsets: [UInt32] = [0]
        for value in values { offsets.append((offsets.last ?? 0) + UInt32(value.utf8.count)) }
        let column = ParquetColumn(name: "a", physicalType: .byteArray, logicalType: .string)
        return statistics(
            .byteArray(ByteArrays(offsets: offsets, bytes: Array(values.joined().utf8))), column, textLimit: textLimit)
    }

    @Test("a zero minimum is -0.0, a zero maximum is +0.0, and NaN is counted but never a bound")
    func floatingPointBounds() {
        let column = ParquetColumn(name: "a", physicalType: .double)
        let zeros = statistics(.double([.nan, 0.0, .nan]), column)
        #expect(zeros.minimum == [0, 0, 0, 0, 0, 0, 0, 0x80])
        #expect(zeros.maximum == [0, 0, 0, 0, 0, 0, 0, 0])
        let negativeZeros = statistics(.double([-0.0]), column)
        #expect(negativeZeros.maximum == [0, 0, 0, 0, 0, 0, 0, 0])
        #expect(statistics(.double([.nan]), column).minimum == nil)
        #expect(statistics(.double([.nan, .infinity, 1]), column).maximum == [0, 0, 0, 0, 0, 0, 0xF0, 0x7F])
        #expect(zeros.nanCount == 2 && negativeZeros.nanCount == 0)
        #expect(text(["nan"]).nanCount == nil)
    }

    @Test("the minimum and the maximum are found at every position", arguments: [1, 15, 16, 17, 31, 32, 33, 100])
    func boundPositions(count: Int) {
        for place in 0..<count {
            let other = (place + count / 2) % count
            var values = Array(repeating: Double.nan, count: count)
            values[place] = -5
            if other != place { values[other] = 7 }
            let bounds = statistics(.double(values), ParquetColumn(name: "a", physicalType: .double))
            #expect(bounds.minimum == withUnsafeBytes(of: -5.0) { Array($0) })
            #expect(bounds.maximum == withUnsafeBytes(of: other == place ? -5.0 : 7.0) { Array($0) })
            #expect(bounds.nanCount == count - (other == place ? 1 : 2))

            var integers = [Int64](repeating: 0, count: count)
            integers[place] = .min
            if other != place { integers[other] = .max }
            let column = ParquetColumn(name: "a", physicalType: .int64)
            #expect(statistics(.int64(integers), column).minimum == [0, 0, 0, 0, 0, 0, 0, 0x80])
            if count > 1 {
                #expect(statistics(.int64(integers), column).maximum == Array(repeating: 0xFF, count: 7) + [0x7F])
            }
        }
    }

    @Test("unsigned integers order as unsigned") func unsignedIntegers() {
        let column = ParquetColumn(
            name: "a", physicalType: .int32, logicalType: .integer(bitWidth: 32, isSigned: false))
        let bounds = statistics(.int32([-1, 1]), column)
        #expect(bounds.minimum == [1, 0, 0, 0])
        #expect(bounds.maximum == [0xFF, 0xFF, 0xFF, 0xFF])
    }

    @Test("fixed-length decimals order as signed numbers") func fixedLengthDecimals() {
        let column = ParquetColumn(
            name: "a", physicalType: .fixedLengthByteArray(length: 2), logicalType: .decimal(precision: 4, scale: 0))
        let bounds = statistics(.fixedLengthByteArray([0, 5, 0xFF, 0xFE, 0xFF, 0xFF], length: 2), column)
        #expect(bounds.minimum == [0xFF, 0xFE])
        #expect(bounds.maximum == [0, 5])
    }

    @Test("text orders by unsigned bytes, and a prefix comes before the longer text") func textBounds() {
        let bounds = text(["b", "ab", "é", "a", "b\u{0}"])
        #expect(bounds.minimum == Array("a".utf8))
        #expect(bounds.maximum == Array("é".utf8))
        #expect(bounds.isMinimumExact == true && bounds.isMaximumExact == true)
    }

    @Test("a long text is cut between characters, and the maximum is rounded up") func longText() {
        let bounds = text(["abcdefgé tail", "xyz日本語 tail"])
        #expect(bounds.minimum == Array("abcdefg".utf8))  // é would be cut in half at eight bytes
        #expect(bounds.maximum == Array("xyz日".utf8).dropLast(3) + Array("\u{65E6}".utf8))
        #expect(bounds.isMinimumExact == false && bounds.isMaximumExact == false)
    }

    @Test("a maximum that cannot be rounded up is left out") func absentMaximum() {
        let column = ParquetColumn(name: "a", physicalType: .byteArray)
        let ones = [UInt8](repeating: 0xFF, count: 20)
        let bounds = statistics(.byteArray(ByteArrays(offsets: [0, 20], bytes: ones)), column)
        #expect(bounds.maximum == nil)
        #expect(bounds.minimum == Array(repeating: 0xFF, count: 8))
        #expect(text([String(repeating: "\u{10FFFF}", count: 3)]).maximum == nil)
    }

    @Test("rounding up skips the surrogates") func surrogates() {
        #expect(
            TextBound.above(Array("\u{D7FF}\u{D7FF}\u{D7FF}".utf8), limit: 6, isText: true)
                == Array("\u{D7FF}\u{E000}".utf8))
    }
}
