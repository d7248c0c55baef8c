/// Which rows of a column have a value: nothing while all have, then one bit a row.
struct Presence {
    var words: [UInt64]?
    /// Rows so far.
    var count: Int

    /// Adds `rows` rows whose bits begin `bits`, `present` of them set.
    mutating func append(_ bits: UnsafePointer<UInt64>, rows: Int, present: Int) {
        defer { count += rows }
        if present == rows, words == nil { return }
        var words = self.words ?? Self.full(count)
        self.words = nil
        let shift = count & 63
        words.reserveCapacity((count + rows + 63) / 64)
        for index in 0..<(rows + 63) / 64 {
            let left = rows - index * 64
            let word = left >= 64 ? bits[index] : bits[index] & ((1 << left) - 1)
            if shift == 0 {
                words.append(word)
            } else {
                words[words.count - 1] |= word << shift
                if left > 64 - shift { words.append(word >> (64 - shift)) }
            }
        }
        self.words = words
    }

    /// Forgets the rows from `count` on. Whether there is a bitmap at all is for the caller to restore.
    static func truncate(_ words: inout [UInt64]?, to count: Int) {
        guard words != nil else { return }
        words?.removeSubrange(((count + 63) / 64)...)
        if count & 63 != 0 { words?[count / 64] &= (1 << (count & 63)) - 1 }
    }

    private static func full(_ count: Int) -> [UInt64] {
        var words = [UInt64](repeating: .max, count: count / 64)
        if count & 63 != 0 { words.append((1 << (count & 63)) - 1) }
        return words
    }
}
