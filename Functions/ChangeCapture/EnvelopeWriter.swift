internal import PostgresReplication

/// Writes changes as the envelopes of AWS DMS, with what DMS has no word for in their metadata.
///
/// - SeeAlso: <https://docs.aws.amazon.com/dms/latest/userguide/CHAP_Target.Kinesis.html>
struct EnvelopeWriter: ~Copyable {
    /// The envelope of the last change.
    private(set) var envelope = ByteBuffer(capacity: 16 << 10)
    /// The hash of the row's key; of the table's name where there is no row.
    private(set) var keyHash: UInt64 = 0
    /// `{"timestamp":"…`, the time of the message, up to the operation.
    private var opening = ByteBuffer()
    private var unchanged = ByteBuffer()
    /// Where the parts are in the envelope that have a place in a raw line, too.
    private var row = 0..<0
    private var before = 0..<0
    private var previousKey = 0..<0
    private var operation: StaticString = ""

    init() { setTime(microseconds: 0) }

    /// Sets when the messages that follow were made.
    mutating func setTime(microseconds: Int64) {
        opening.removeAll()
        opening.append("\"metadata\":{\"timestamp\":\"")
        opening.append(microseconds: microseconds)
        opening.append("\",\"record-type\":\"data\",\"operation\":\"")
    }

    mutating func insert(_ new: TupleData, _ shape: RowShape, _ transaction: inout Transaction) {
        beginRow()
        writeRow(new, old: nil, shape)
        endRow("insert", shape, &transaction)
        envelope.append("}}")
    }

    mutating func update(
        _ old: PgOutputMessage.OldRow?, _ new: TupleData, _ shape: RowShape, _ transaction: inout Transaction
    ) {
        beginRow()
        writeRow(new, old: old?.tuple, shape)
        if case .full(let whole) = old {
            envelope.append(",\"before\":")
            let start = envelope.count
            write(whole, shape, keyOnly: false)
            before = start..<envelope.count
        }
        endRow("update", shape, &transaction)
        if unchanged.count > 0 {
            envelope.append(",\"unchanged\":[")
            envelope.append(unchanged.bytes)
            envelope.append("]")
        }
        if let old, Self.keyDiffers(old.tuple, new, shape) {
            envelope.append(",\"previous-key\":")
            let start = envelope.count
            write(old.tuple, shape, keyOnly: true)
            previousKey = start..<envelope.count
        }
        envelope.append("}}")
    }

    mutating func delete(_ old: PgOutputMessage.OldRow, _ shape: RowShape, _ transaction: inout Transaction) {
        beginRow()
        let start = envelope.count
        if case .key = old {
            write(old.tuple, shape, keyOnly: true)
        } else {
            write(old.tuple, shape, keyOnly: false)
        }
        row = start..<envelope.count
        keyHash = Self.hash(old.tuple, shape)
        endRow("delete", shape, &transaction)
        envelope.append("}}")
    }

    mutating func truncate(_ shape: RowShape, _ transaction: inout Transaction) {
        envelope.removeAll()
        envelope.append("{")
        keyHash = shape.hashSeed
        writeMetadata("truncate", shape, &transaction)
        envelope.append("}}")
    }

    private mutating func beginRow() {
        envelope.removeAll()
        unchanged.removeAll()
        (before, previousKey) = (0..<0, 0..<0)
        envelope.append("{\"data\":")
    }

    private mutating func endRow(_ operation: StaticString, _ shape: RowShape, _ transaction: inout Transaction) {
        envelope.append(",")
        writeMetadata(operation, shape, &transaction)
    }

    private mutating func writeMetadata(
        _ operation: StaticString, _ shape: RowShape, _ transaction: inout Transaction
    ) {
        self.operation = operation
        envelope.append(opening.bytes)
        envelope.append(operation)
        envelope.append("\"")
        envelope.append(shape.metadata)
        envelope.append(transaction.metadata.bytes)
        transaction.changeCount += 1
        envelope.append(transaction.changeCount)
    }

    /// Writes a new row, hashes its key, and notes the columns that the change does not carry. A key that it does not carry
    /// is the old row's.
    @inline(__always)
    private mutating func writeRow(_ new: TupleData, old: TupleData?, _ shape: RowShape) {
        var hash = KeyHash(value: shape.hashSeed)
        var values = new.values
        var oldValues = old?.values
        var isFirst = true
        let start = envelope.count
        envelope.append("{")
        for column in shape.columns.prefix(new.columnCount) {
            var value = values.next()
            let oldValue = oldValues?.next()
            if case .unchanged = value {
                if column.isKey, let oldValue {
                    value = oldValue
                } else {
                    if unchanged.count > 0 { unchanged.append(",") }
                    unchanged.append(column.quotedName)
                    continue
                }
            }
            write(value, column, isFirst: isFirst)
            isFirst = false
            if column.isKey { hash = Self.hash(value, hash) }
        }
        envelope.append("}")
        row = start..<envelope.count
        keyHash = hash.value
    }

    private mutating func write(_ tuple: TupleData, _ shape: RowShape, keyOnly: Bool) {
        var values = tuple.values
        var isFirst = true
        envelope.append("{")
        for column in shape.columns.prefix(tuple.columnCount) {
            let value = values.next()
            guard column.isKey || !keyOnly else { continue }
            if case .unchanged = value { continue }
            write(value, column, isFirst: isFirst)
            isFirst = false
        }
        envelope.append("}")
    }

    @inline(__always)
    private mutating func write(_ value: TupleData.Value, _ column: RowShape.Column, isFirst: Bool) {
        column.label.withUnsafeBytes {
            envelope.append(isFirst ? UnsafeRawBufferPointer(rebasing: $0.dropFirst()) : $0)
        }
        if case .text(let text) = value {
            envelope.append(text, as: column.kind)
        } else {
            envelope.append("null")
        }
    }

    /// The last change, which has a row, as firehose-transform writes it as a raw line.
    func rawLine(_ transaction: borrowing Transaction) -> [UInt8] {
        var line = ByteBuffer(capacity: envelope.count + 1024)
        func part(_ range: Range<Int>) -> UnsafeRawBufferPointer {
            UnsafeRawBufferPointer(rebasing: envelope.bytes[range])
        }
        line.append(part(row.lowerBound..<row.upperBound - 1))
        line.append(",\"operation\":\"")
        line.append(operation)
        line.append("\",\"_cdc_timestamp\":\"")
        line.append(microseconds: transaction.time)
        line.append("\",\"_cdc_transaction_id\":")
        line.append(UInt64(transaction.id))
        if unchanged.count > 0 {
            line.append(",\"_cdc_unchanged\":[")
            line.append(unchanged.bytes)
            line.append("]")
        }
        if !previousKey.isEmpty {
            line.append(",\"_cdc_previous_key\":")
            line.append(part(previousKey))
        }
        if !before.isEmpty {
            line.append(",\"_cdc_before\":")
            line.append(part(before))
        }
        line.append(",\"_cdc_order\":\"")
        line.append(UInt64(max(0, transaction.time)), width: 18)
        line.append("-")
        line.append(hexadecimal: transaction.commit.value, width: 16)
        line.append("-")
        line.append(transaction.changeCount, width: 10)
        line.append("\"}\n")
        return line.array
    }

    private static func hash(_ tuple: TupleData, _ shape: RowShape) -> UInt64 {
        var hash = KeyHash(value: shape.hashSeed)
        var values = tuple.values
        for column in shape.columns.prefix(tuple.columnCount) {
            let value = values.next()
            if column.isKey { hash = Self.hash(value, hash) }
        }
        return hash.value
    }

    @inline(__always)
    private static func hash(_ value: TupleData.Value, _ hash: KeyHash) -> KeyHash {
        if case .text(let text) = value { return hash.adding(text) }
        return hash.adding(UnsafeRawBufferPointer(start: nil, count: 0))
    }

    /// Whether a column of the key has another value in the new row.
    private static func keyDiffers(_ old: TupleData, _ new: TupleData, _ shape: RowShape) -> Bool {
        var oldValues = old.values
        var newValues = new.values
        for column in shape.columns.prefix(min(old.columnCount, new.columnCount)) {
            let pair = (oldValues.next(), newValues.next())
            guard column.isKey else { continue }
            switch pair {
            case (.text(let before), .text(let after)): if !before.elementsEqual(after) { return true }
            case (.null, .null), (_, .unchanged): continue
            default: return true
            }
        }
        return false
    }
}
