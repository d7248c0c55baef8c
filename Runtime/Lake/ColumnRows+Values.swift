public import Columns

extension ColumnRows {
    /// The text that a row has.
    @inlinable public func text(of row: Int) -> ArraySlice<UInt8>? {
        let range = values(of: row..<row + 1)
        guard !range.isEmpty, case .byteArray(let texts) = array.values else { return nil }
        return texts.bytes[Int(texts.offsets[range.lowerBound])..<Int(texts.offsets[range.lowerBound + 1])]
    }

    /// The 64-bit number that a row has.
    @inlinable public func long(of row: Int) -> Int64? {
        let range = values(of: row..<row + 1)
        guard !range.isEmpty, case .int64(let numbers) = array.values else { return nil }
        return numbers[range.lowerBound]
    }
}
