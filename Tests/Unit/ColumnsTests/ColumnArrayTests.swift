import Columns
import Testing

@Suite struct ColumnArrayTests {
    private func texts(_ texts: String...) -> ByteArrays {
        var arrays = ByteArrays()
        for text in texts { arrays.append(text.utf8) }
        return arrays
    }

    @Test("after a truncation to a mark, values and presence are those at the mark")
    func truncateFlat() {
        var array = ColumnArray(.int64([1, 2, 3]))
        let full = array
        let mark = array.mark(rows: 3)
        array.values.append([4, 5] as [Int64])
        array.appendPresence([0b0101], rows: 4, present: 2, after: 3)
        #expect(array == ColumnArray(.int64([1, 2, 3, 4, 5]), presence: [0b0101111]))
        let later = array.mark(rows: 7)
        array.appendNulls(70, after: 7)
        #expect(array.presence == [0b0101111, 0])
        array.truncate(to: later)
        #expect(array == ColumnArray(.int64([1, 2, 3, 4, 5]), presence: [0b0101111]))
        array.truncate(to: mark)
        #expect(array == full)
    }

    @Test("after a truncation to a mark, levels are those at the mark; a null has both levels 0")
    func truncateNested() {
        var array = ColumnArray(
            .byteArray(texts("a", "bc")), levels: NestedLevels(definition: [2, 2], repetition: [0, 1]))
        let full = array
        let mark = array.mark(rows: 1)
        array.appendNulls(2, after: 1)
        array.values.append(text: "d".utf8)
        array.appendEntry(repetition: 0, definition: 2)
        #expect(array.levels == NestedLevels(definition: [2, 2, 0, 0, 2], repetition: [0, 1, 0, 0, 0]))
        array.truncate(to: mark)
        #expect(array == full)
        array.removeAll()
        #expect(array == ColumnArray(.byteArray(ByteArrays()), levels: NestedLevels()))
    }

    @Test(
        "values that are added from another array are those at the given places",
        arguments: [
            (ColumnValues.boolean([1, 0, 1]), ColumnValues.boolean([1, 0, 1, 0, 1])),
            (.int32([1, 2, 3]), .int32([1, 2, 3, 2, 3])), (.int64([1, 2, 3]), .int64([1, 2, 3, 2, 3])),
            (.float([1, 2, 3]), .float([1, 2, 3, 2, 3])), (.double([1, 2, 3]), .double([1, 2, 3, 2, 3])),
            (
                .fixedLengthByteArray([1, 1, 2, 2, 3, 3], length: 2),
                .fixedLengthByteArray([1, 1, 2, 2, 3, 3, 2, 2, 3, 3], length: 2)
            ),
            (
                .byteArray(ByteArrays(offsets: [0, 2, 2, 3], bytes: [1, 1, 3])),
                .byteArray(ByteArrays(offsets: [0, 2, 2, 3, 3, 4], bytes: [1, 1, 3, 3]))
            ),
        ])
    func appendRange(values: ColumnValues, expected: ColumnValues) {
        var grown = values
        grown.append(values, 1..<3)
        #expect(grown == expected && grown.count == 5)
    }

    @Test("a repeated text is there as often as asked, behind what was there", arguments: [0, 1, 2, 3, 7])
    func repeatedText(count: Int) {
        var values = ColumnValues.byteArray(texts("x"))
        values.append(repeating: "abc", count: count)
        let expected = ByteArrays(
            offsets: [0, 1] + (0..<count).map { UInt32(4 + 3 * $0) },
            bytes: Array(("x" + String(repeating: "abc", count: count)).utf8))
        #expect(values == .byteArray(expected))
    }
}

extension ColumnValues {
    fileprivate mutating func append(_ values: [Int64]) {
        values.withUnsafeBytes { if let start = $0.baseAddress { append(int64: start, count: values.count) } }
    }
}
