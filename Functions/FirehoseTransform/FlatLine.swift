/// One row as bronze reads it: its own fields, then those of the envelope and the stream.
enum FlatLine {
    /// The most bytes that a line adds to its row, besides the slices that it copies.
    static let overheadInBytes = 384 + ChangeOrder.sizeInBytes

    /// Whether the line has a field of its own with this name.
    @inline(__always)
    static func needs(_ name: JSONString) -> Bool {
        // Nearly all names return here: the line's own begin with '_' or 'o'.
        let first = name.written.first
        guard name.hasEscapes || first == UInt8(ascii: "_") || first == UInt8(ascii: "o") else { return false }
        return name.says("operation") || name.says("_cdc_timestamp") || name.says("_cdc_transaction_id")
            || name.says("_cdc_sequence") || name.says("_cdc_load") || name.says("_cdc_unchanged")
            || name.says("_cdc_previous_key") || name.says("_cdc_order") || name.says("_cdc_before")
            || name.says("_schema")
    }

    /// Writes `change` as one line of JSON, with the bytes of its values unchanged.
    /// - Parameter place: of the record in its Kinesis stream; nil if it is from none.
    static func write(_ change: ChangeRecord, at place: StreamPlace?, to line: inout ByteWriter) {
        if let row = change.row {
            line.append(row, dropLast: 1)
            if !change.rowIsEmpty { line.append(",") }
        } else {
            line.append("{")
        }
        line.append("\"operation\":")
        line.append(change.operation)
        line.append(",\"_cdc_timestamp\":")
        line.append(change.timestamp, orElse: "null")
        line.append(",\"_cdc_transaction_id\":")
        line.append(change.transactionID, orElse: "null")
        if change.isLoad { line.append(",\"_cdc_load\":true") }
        if let unchanged = change.unchanged {
            line.append(",\"_cdc_unchanged\":")
            line.append(unchanged)
        }
        if let previousKey = change.previousKey {
            line.append(",\"_cdc_previous_key\":")
            line.append(previousKey)
        }
        if let before = change.before {
            line.append(",\"_cdc_before\":")
            line.append(before)
        }
        if let schema = change.schema {
            // A name of a contract needs no escapes.
            line.append(",\"_schema\":\"")
            ByteSlice.of(schema) { line.append($0) }
            line.append("\"")
        }
        line.appendSequence(of: place)
        if let order = ChangeOrder(of: change, in: place) {
            line.append(",\"_cdc_order\":\"")
            order.write(to: &line)
            line.append("\"}\n")
        } else {
            line.append(",\"_cdc_order\":null}\n")
        }
    }
}

extension ByteWriter {
    /// Appends the member with the sequence number of a record.
    mutating func appendSequence(of place: StreamPlace?) {
        append(",\"_cdc_sequence\":")
        if let place {
            append("\"")
            append(place.sequenceNumber)
            append("\"")
        } else {
            append("null")
        }
    }

    /// Appends an object or array on one line.
    @inline(__always)
    mutating func append(_ value: ChangeRecord.Compound, dropLast count: Int = 0) {
        let text = value.text[0..<value.text.count - count]
        if value.hasLineBreaks {
            // Line breaks are only between tokens: a string has them escaped.
            append(text, where: { $0 != UInt8(ascii: "\n") && $0 != UInt8(ascii: "\r") })
        } else {
            append(text)
        }
    }
}
