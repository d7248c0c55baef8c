internal import Columns

extension RecordBatch.Column {
    /// Of a column of operations, the rows that are not inserts; nil if all are.
    func changes(rows: Int) -> Set<Int>? {
        guard case .byteArray(let texts) = leaves[0].values, texts.count == rows else { return nil }
        var others = Set<Int>()
        texts.bytes.withUnsafeBufferPointer { bytes in
            for row in 0..<rows where bytes[Int(texts.offsets[row])] != UInt8(ascii: "i") { others.insert(row) }
        }
        return others.isEmpty ? nil : others
    }
}
