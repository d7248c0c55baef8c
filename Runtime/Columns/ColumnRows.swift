/// An array with the places of its rows' values, so that rows can be taken from anywhere in it.
public struct ColumnRows: Sendable {
    public let array: ColumnArray
    public let rowCount: Int
    /// Of a column of the table itself: the values before each word of presence bits; nil if all rows have one.
    private let valuesBefore: [UInt32]?
    /// Of a column inside structs and lists: where each row's entries and values begin, and where the last one's end.
    private let entryStarts: [UInt32]
    private let valueStarts: [UInt32]

    /// - Parameter maximumDefinition: the definition level of a value; only asked of a column inside structs and lists.
    public init(_ array: ColumnArray, rowCount: Int, maximumDefinition: UInt8 = 0) {
        self.array = array
        self.rowCount = rowCount
        guard let levels = array.levels else {
            entryStarts = []
            valueStarts = []
            valuesBefore = array.presence.map { words in
                var sum: UInt32 = 0
                return words.map { word in
                    defer { sum += UInt32(word.nonzeroBitCount) }
                    return sum
                }
            }
            return
        }
        valuesBefore = nil
        var (entries, values) = ([UInt32](), [UInt32]())
        var value: UInt32 = 0
        for entry in 0..<levels.count {
            if levels.repetition[entry] == 0 {
                entries.append(UInt32(entry))
                values.append(value)
            }
            if levels.definition[entry] == maximumDefinition { value += 1 }
        }
        entryStarts = entries + [UInt32(levels.count)]
        valueStarts = values + [value]
    }

    /// Whether the row has a value; of a column inside structs and lists: any.
    public func isPresent(_ row: Int) -> Bool { !values(of: row..<row + 1).isEmpty }

    /// The places of the values of rows.
    @inline(__always)
    public func values(of rows: Range<Int>) -> Range<Int> {
        guard array.levels == nil else { return Int(valueStarts[rows.lowerBound])..<Int(valueStarts[rows.upperBound]) }
        return place(rows.lowerBound)..<place(rows.upperBound)
    }

    /// How many values are before a row.
    @inline(__always)
    private func place(_ row: Int) -> Int {
        guard let valuesBefore, let words = array.presence else { return row }
        guard row >> 6 < words.count else { return array.values.count }
        let below = words[row >> 6] & ((1 << UInt64(row & 63)) - 1)
        return Int(valuesBefore[row >> 6]) + below.nonzeroBitCount
    }

    func entries(of rows: Range<Int>) -> Range<Int> {
        Int(entryStarts[rows.lowerBound])..<Int(entryStarts[rows.upperBound])
    }
}

extension ColumnArray {
    /// Adds rows of another array of the same type after the `before` rows that the array has.
    public mutating func append(_ source: ColumnRows, _ rows: Range<Int>, after before: Int) {
        let range = source.values(of: rows)
        values.append(source.array.values, range)
        if let other = source.array.levels {
            levels?.append(other, source.entries(of: rows))
            return
        }
        if range.count == rows.count, presence == nil { return }
        var grown = Presence(words: presence, rowCount: before)
        // With a second owner, the array would be copied when it grows.
        presence = nil
        if let words = source.array.presence {
            words.withUnsafeBufferPointer { bits in
                guard let base = bits.baseAddress else { return }
                grown.append(base, from: rows.lowerBound, rows: rows.count)
            }
        } else {
            grown.appendPresent(rows.count)
        }
        presence = grown.words
    }
}
