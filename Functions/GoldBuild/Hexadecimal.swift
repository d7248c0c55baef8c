/// Text as DuckDB's `hex()` gives it, for what must stand in one line without separators.
enum Hexadecimal {
    /// Reads what `hex()` gives; nil if it is none.
    static func text(_ digits: Substring) -> String? {
        let nibbles = digits.compactMap(\.hexDigitValue)
        guard nibbles.count == digits.count, nibbles.count.isMultiple(of: 2) else { return nil }
        let bytes = stride(from: 0, to: nibbles.count, by: 2).map { UInt8(nibbles[$0] << 4 | nibbles[$0 + 1]) }
        return String(decoding: bytes, as: UTF8.self)
    }
}
