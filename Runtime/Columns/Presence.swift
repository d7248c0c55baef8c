/// Which rows of a column have a value: no words as long as all rows have one, then one bit a row, least significant first.
public struct Presence: Sendable, Hashable {
    public private(set) var words: [UInt64]?
    public private(set) var rowCount: Int

    public init(words: [UInt64]? = nil, rowCount: Int = 0) {
        self.words = words
        self.rowCount = rowCount
    }

    /// Adds `rows` rows whose bits begin at the bit `start` of `bits`.
    public mutating func append(_ bits: UnsafePointer<UInt64>, from start: Int = 0, rows: Int) {
        var words = self.words ?? Self.full(rowCount)
        // With a second owner, the array would be copied when it grows.
        self.words = nil
        let shift = UInt64(rowCount & 63)
        words.reserveCapacity((rowCount + rows + 63) / 64)
        for done in stride(from: 0, to: rows, by: 64) {
            let count = min(rows - done, 64)
            let word = Self.word(of: bits, from: start + done, count: count)
            if shift == 0 {
                words.append(word)
            } else {
                words[words.count - 1] |= word << shift
                if count > 64 - Int(shift) { words.append(word >> (64 - shift)) }
            }
        }
        self.words = words
        rowCount += rows
    }

    /// Adds `rows` rows that have a value.
    public mutating func appendPresent(_ rows: Int) {
        if words == nil {
            rowCount += rows
        } else {
            append([UInt64](repeating: .max, count: (rows + 63) / 64), rows: rows)
        }
    }

    /// Removes the rows from `count` on. The words stay, even where all rows that are left have a value.
    public mutating func truncate(to count: Int) {
        rowCount = count
        words?.removeSubrange(((count + 63) / 64)...)
        if count & 63 != 0 { words?[count / 64] &= (1 << UInt64(count & 63)) - 1 }
    }

    /// At most 64 bits from the bit `start` on; the others are 0.
    @inline(__always)
    private static func word(of bits: UnsafePointer<UInt64>, from start: Int, count: Int) -> UInt64 {
        let (index, offset) = (start >> 6, start & 63)
        var word = bits[index] >> UInt64(offset)
        if offset + count > 64 { word |= bits[index + 1] << UInt64(64 - offset) }
        return count == 64 ? word : word & ((1 << UInt64(count)) - 1)
    }

    private static func full(_ count: Int) -> [UInt64] {
        var words = [UInt64](repeating: .max, count: count / 64)
        if count & 63 != 0 { words.append((1 << UInt64(count & 63)) - 1) }
        return words
    }
}
