public import Contracts

/// Some rows of a table, column by column, in buffers that the next batch uses again.
///
/// Where a batch ends depends on the text alone, never on how it arrived, so what is written from batches is the same
/// whenever it is written.
public struct ColumnBatch: Sendable {
    public internal(set) var columns: [Column]
    /// Rows in every column.
    public internal(set) var rowCount = 0
    /// The rows of this stretch of the text that broke the contract, in the text's order.
    public internal(set) var rejected: [RejectedRow] = []

    /// Rows of the text that this batch stands for: `rowCount` that were kept and those that were rejected.
    public var rowsRead: Int { rowCount + rejected.count }

    public init(_ columns: [BronzeColumn]) {
        self.columns = columns.map(Column.init)
    }

    /// Empties the batch and keeps its buffers.
    public mutating func removeAll() {
        rowCount = 0
        rejected.removeAll(keepingCapacity: true)
        for index in columns.indices { columns[index].removeAll() }
    }

    /// Brings the rejected rows into the text's order: those of a wrong shape are found before those of wrong fields.
    mutating func sortRejected() {
        rejected.sort { $0.byteOffset < $1.byteOffset }
    }
}

extension ColumnBatch {
    public struct Column: Sendable {
        public let schema: BronzeColumn
        /// The values that are not null, dense.
        public internal(set) var values: Values
        /// One bit a row, least significant first, 1 where there is a value; nil if every row has one.
        public internal(set) var presence: [UInt64]?

        init(_ schema: BronzeColumn) {
            self.schema = schema
            values = schema.type.isNested ? .nested(NestedValues(NestedNode(schema))) : Values(for: schema.type)
        }

        mutating func removeAll() {
            values.removeAll()
            presence = nil
        }

        /// How far the column is filled.
        struct Mark {
            let values: Int
            fileprivate let leaves: [Leaf.Mark]
            fileprivate let rows: Int
            fileprivate let hasPresence: Bool
        }

        /// - Parameter rows: those that the column has.
        func mark(rows: Int) -> Mark {
            let leaves: [Leaf.Mark] = if case .nested(let nested) = values { nested.leaves.map(\.mark) } else { [] }
            return Mark(values: values.count, leaves: leaves, rows: rows, hasPresence: presence != nil)
        }

        /// Forgets what came after the mark; the buffers stay.
        mutating func rollBack(to mark: Mark) {
            if case .nested(var nested) = values {
                values = .boolean([])
                nested.count = mark.values
                for (index, mark) in mark.leaves.enumerated() { nested.leaves[index].truncate(to: mark) }
                values = .nested(nested)
            } else {
                values.truncate(to: mark.values)
            }
            if mark.hasPresence { Presence.truncate(&presence, to: mark.rows) } else { presence = nil }
        }
    }

    public enum Values: Sendable, Hashable {
        /// 0 or 1 each.
        case boolean([UInt8])
        /// All integers of up to 32 bits, unsigned ones by their bits; dates (days), times in milliseconds, and decimals
        /// of up to 9 digits (unscaled).
        case int32([Int32])
        /// Also unsigned ones by their bits; times in microseconds, timestamps, and decimals of 10 to 18 digits.
        case int64([Int64])
        case float([Float])
        case double([Double])
        case bytes(ByteArrays)
        /// Values of `length` bytes each, end to end: UUIDs, and decimals of more digits in two's complement, the most
        /// significant byte first.
        case fixed([UInt8], length: Int)
        case nested(NestedValues)

        public var count: Int {
            switch self {
            case .boolean(let values): values.count
            case .int32(let values): values.count
            case .int64(let values): values.count
            case .float(let values): values.count
            case .double(let values): values.count
            case .bytes(let values): values.count
            case .fixed(let values, let length): values.count / length
            case .nested(let values): values.count
            }
        }

        init(for type: ColumnType) {
            if let length = type.fixedLength {
                self = .fixed([], length: length)
                return
            }
            switch type {
            case .boolean: self = .boolean([])
            case .int8, .int16, .int32, .uint8, .uint16, .uint32, .date, .time(.milliseconds, _): self = .int32([])
            case .int64, .uint64, .time(.microseconds, _), .timestamp: self = .int64([])
            case .float: self = .float([])
            case .double: self = .double([])
            case .string, .json, .uuid, .structure, .list: self = .bytes(ByteArrays())
            case .decimal(let precision, _): self = precision <= 9 ? .int32([]) : .int64([])
            }
        }

        mutating func removeAll() {
            guard case .nested(var nested) = self else { return truncate(to: 0) }
            self = .boolean([])
            nested.removeAll()
            self = .nested(nested)
        }

        /// Forgets the values from `count` on, which are no nested ones; the buffers stay.
        mutating func truncate(to count: Int) {
            // Each array leaves the enum while it changes: two owners would make it copy itself.
            switch self {
            case .boolean(var values):
                self = .boolean([])
                values.removeSubrange(count...)
                self = .boolean(values)
            case .int32(var values):
                self = .int32([])
                values.removeSubrange(count...)
                self = .int32(values)
            case .int64(var values):
                self = .int64([])
                values.removeSubrange(count...)
                self = .int64(values)
            case .float(var values):
                self = .float([])
                values.removeSubrange(count...)
                self = .float(values)
            case .double(var values):
                self = .double([])
                values.removeSubrange(count...)
                self = .double(values)
            case .bytes(var values):
                self = .boolean([])
                values.truncate(to: count)
                self = .bytes(values)
            case .fixed(var values, let length):
                self = .boolean([])
                values.removeSubrange((count * length)...)
                self = .fixed(values, length: length)
            case .nested: preconditionFailure("nested values are taken back by their marks")
            }
        }
    }

    /// Texts end to end.
    public struct ByteArrays: Sendable, Hashable {
        /// `count + 1` offsets into `bytes`; text `i` lies between offset `i` and offset `i + 1`.
        public internal(set) var offsets: [UInt32] = [0]
        public internal(set) var bytes: [UInt8] = []

        public init() {}

        public var count: Int { offsets.count - 1 }

        public subscript(index: Int) -> ArraySlice<UInt8> { bytes[Int(offsets[index])..<Int(offsets[index + 1])] }

        public mutating func append(_ text: some Collection<UInt8>) {
            bytes.append(contentsOf: text)
            offsets.append(UInt32(bytes.count))
        }

        mutating func append(repeating text: UnsafeBufferPointer<UInt8>, count: Int) {
            let start = bytes.count
            withUnsafeTemporaryAllocation(of: UInt8.self, capacity: text.count * count) { copies in
                // What is there is copied behind itself, so that most of it is copied in large pieces.
                var filled = count > 0 ? text.count : 0
                _ = copies[..<filled].update(fromContentsOf: text.prefix(filled))
                while filled < copies.count {
                    let piece = min(filled, copies.count - filled)
                    _ = copies[filled...].update(fromContentsOf: copies[..<piece])
                    filled += piece
                }
                bytes.append(contentsOf: UnsafeBufferPointer(copies))
            }
            withUnsafeTemporaryAllocation(of: UInt32.self, capacity: count) { ends in
                for index in 0..<count { ends[index] = UInt32(truncatingIfNeeded: start + (index + 1) * text.count) }
                offsets.append(contentsOf: UnsafeBufferPointer(ends))
            }
        }

        mutating func truncate(to count: Int) {
            offsets.removeSubrange((count + 1)...)
            bytes.removeSubrange(Int(offsets[count])...)
        }
    }
}
