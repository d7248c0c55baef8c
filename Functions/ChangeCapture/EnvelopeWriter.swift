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
        if case .full(let before) = old {
            envelope.append(",\"before\":")
            write(before, shape, keyOnly: false)
        }
        endRow("update", shape, &transaction)
        if unchanged.count > 0 {
            envelope.append(",\"unchanged\":[")
            envelope.append(unchanged.bytes)
            envelope.append("]")
        }
        if let old, Self.keyDiffers(old.tuple, new, shape) {
            envelope.append(",\"previous-key\":")
            write(old.tuple, shape, keyOnly: true)
        }
        envelope.append("}}")
    }

    mutating func delete(_ old: PgOutputMessage.OldRow, _ shape: RowShape, _ transaction: inout Transaction) {
        beginRow()
        if case .key = old {
            write(old.tuple, shape, keyOnly: true)
        } else {
            write(old.tuple, shape, keyOnly: false)
        }
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
        envelope.append("{\"data\":")
    }

    private mutating func endRow(_ operation: StaticString, _ shape: RowShape, _ transaction: inout Transaction) {
        envelope.append(",")
        writeMetadata(operation, shape, &transaction)
    }

    private mutating func writeMetadata(
        _ operation: StaticString, _ shape: RowShape, _ transaction: inout Transaction
    ) {
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
