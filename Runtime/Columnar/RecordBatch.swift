public import Columns
public import Contracts

/// Some rows of a table, column by column, in memory that the next batch uses again.
///
/// Where a batch ends depends on the text alone, never on how it arrived. So the same text always gives the same batches,
/// and the same output.
public struct RecordBatch: Sendable {
    public internal(set) var columns: [Column]
    /// The rows that every column has.
    public internal(set) var rowCount = 0
    /// The rows in this part of the text that broke the contract, in the text's order.
    public internal(set) var rejected: [RejectedRow] = []

    /// The rows of the text that this batch covers: those in its columns and those that were rejected.
    public var rowsRead: Int { rowCount + rejected.count }

    public init(_ columns: [BronzeColumn]) {
        self.columns = columns.map(Column.init)
    }

    /// Removes all rows and keeps the memory.
    public mutating func removeAll() {
        rowCount = 0
        rejected.removeAll(keepingCapacity: true)
        for index in columns.indices { columns[index].removeAll() }
    }

    /// Brings the rejected rows into the text's order: rows of a wrong shape are found before rows with wrong fields.
    mutating func sortRejected() {
        rejected.sort { $0.byteOffset < $1.byteOffset }
    }
}

extension RecordBatch {
    public struct Column: Sendable {
        public let schema: BronzeColumn
        /// One array if the column has single values. Structs and lists have one for each of their leaves, depth first.
        public internal(set) var leaves: [ColumnArray]

        init(_ schema: BronzeColumn) {
            self.schema = schema
            leaves =
                schema.type.isNested
                ? NestedNode(schema).leafTypes.map { ColumnArray(ColumnValues(for: $0), levels: NestedLevels()) }
                : [ColumnArray(ColumnValues(for: schema.type))]
        }

        mutating func removeAll() {
            for index in leaves.indices { leaves[index].removeAll() }
        }

        /// - Parameter rows: how many rows the column has.
        func mark(rows: Int) -> [ColumnArray.Mark] { leaves.map { $0.mark(rows: rows) } }

        /// Removes what was added after the mark and keeps the memory.
        mutating func truncate(to mark: [ColumnArray.Mark]) {
            for (index, mark) in mark.enumerated() { leaves[index].truncate(to: mark) }
        }

        /// Adds `rows` nulls after the `before` rows that the column has.
        mutating func appendNulls(_ rows: Int, after before: Int) {
            for index in leaves.indices { leaves[index].appendNulls(rows, after: before) }
        }
    }
}

extension ColumnValues {
    /// No values yet, in the form in which those of a column of `type` are kept.
    ///
    /// - Integers of up to 32 bits, dates (days), times in milliseconds and decimals of up to 9 digits (unscaled) are
    ///   `int32`. Longer integers, times in microseconds, timestamps and decimals of up to 18 digits are `int64`.
    /// - Unsigned integers are kept by their bits.
    /// - UUIDs and decimals of more than 18 digits (two's complement) are fixed-length byte arrays, most significant byte
    ///   first.
    init(for type: ColumnType) {
        if let length = type.fixedLength {
            self = .fixedLengthByteArray([], length: length)
            return
        }
        switch type {
        case .boolean: self = .boolean([])
        case .int8, .int16, .int32, .uint8, .uint16, .uint32, .date, .time(.milliseconds, _): self = .int32([])
        case .int64, .uint64, .time(.microseconds, _), .timestamp: self = .int64([])
        case .float: self = .float([])
        case .double: self = .double([])
        case .string, .json, .uuid: self = .byteArray(ByteArrays())
        case .decimal(let precision, _): self = precision <= 9 ? .int32([]) : .int64([])
        case .structure, .list: preconditionFailure("structs and lists are kept leaf by leaf")
        }
    }
}
