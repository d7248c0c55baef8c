internal import Columns

extension ColumnArray {
    /// A copy of some rows of a column of the table itself.
    func rows(_ range: Range<Int>) -> ColumnArray {
        let first = presentCount(upTo: range.lowerBound)
        var part = values
        part.removeAll()
        part.append(values, first..<first + presentCount(upTo: range.upperBound) - first)
        var presence: [UInt64]?
        if let words = self.presence {
            var bits = Presence(words: [])
            bits.append(words, from: range.lowerBound, rows: range.count)
            presence = bits.words
        }
        return ColumnArray(part, presence: presence)
    }

    private func presentCount(upTo row: Int) -> Int {
        guard let presence else { return row }
        var count = presence[..<(row / 64)].reduce(0) { $0 + $1.nonzeroBitCount }
        if row % 64 > 0 { count += (presence[row / 64] & ((1 << UInt64(row % 64)) - 1)).nonzeroBitCount }
        return count
    }
}
