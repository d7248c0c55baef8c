/// One row as bronze reads it: the row's own fields, then what the envelope and the stream say about the change.
enum FlatLine {
    /// What a line adds to its row, at most, besides the slices that it takes over.
    static let overheadInBytes = 128

    /// Whether a row's field of this name would collide with one of the line's.
    @inline(__always)
    static func needs(_ name: JSONString) -> Bool {
        // Nearly all names end here: the line's begin with '_' or 'o'.
        let first = name.written.first
        guard name.hasEscapes || first == UInt8(ascii: "_") || first == UInt8(ascii: "o") else { return false }
        return name.says("operation") || name.says("_cdc_timestamp") || name.says("_cdc_transaction_id")
            || name.says("_cdc_sequence")
    }

    /// Writes `change` as one line of JSON, with the bytes of its values as they came.
    /// - Parameter sequenceNumber: of the Kinesis record, as written between the quotes.
    static func write(_ change: ChangeRecord, sequenceNumber: ByteSlice?, to line: inout ByteWriter) {
        let fields = change.row[0..<change.row.count - 1]
        if change.rowHasLineBreaks {
            // Between tokens only: no string holds one unescaped.
            line.append(fields, where: { $0 != UInt8(ascii: "\n") && $0 != UInt8(ascii: "\r") })
        } else {
            line.append(fields)
        }
        if !change.rowIsEmpty { line.append(",") }
        line.append("\"operation\":")
        line.append(change.operation)
        line.append(",\"_cdc_timestamp\":")
        line.append(change.timestamp, orElse: "null")
        line.append(",\"_cdc_transaction_id\":")
        line.append(change.transactionID, orElse: "null")
        if let sequenceNumber {
            line.append(",\"_cdc_sequence\":\"")
            line.append(sequenceNumber)
            line.append("\"}\n")
        } else {
            line.append(",\"_cdc_sequence\":null}\n")
        }
    }
}
