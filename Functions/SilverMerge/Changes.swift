internal import Columns

/// The changes of a batch in memory, column by column, with the changes of each key in a list.
struct Changes {
    enum Operation: UInt8 {
        case insert, update, delete, truncate

        init?(_ text: some Collection<UInt8>) {
            switch String(decoding: text, as: UTF8.self) {
            case "insert": self = .insert
            case "update": self = .update
            case "delete": self = .delete
            case "truncate": self = .truncate
            default: return nil
            }
        }
    }

    /// A place in the order of all changes of a table.
    struct Order: Comparable {
        let text: ArraySlice<UInt8>
        /// Among changes with the same text: of one file the later row, of several that of the larger control ID.
        let rank: Int

        static func < (left: Order, right: Order) -> Bool {
            if left.text == right.text { return left.rank < right.rank }
            return left.text.lexicographicallyPrecedes(right.text)
        }
    }

    /// The columns of the contract, in the order of the silver table.
    let columns: [ColumnRows]
    let operations: [Operation]
    /// When each change was made, in microseconds since 1970.
    let times: [Int64]
    /// The orders of changes whose source gives one; those of others are their file's.
    private let orders: ColumnRows
    private let fileOrders: [[UInt8]]
    /// The file of each row.
    private let files: [Int32]
    /// For the few changes that leave columns out: which.
    let unchanged: [Int32: Set<Int>]
    private(set) var keys: KeyTable
    /// The last change that was read of each key, and for each change the one before it of the same key.
    private let lastOfKey: [Int32]
    private let before: [Int32]
    /// The truncate that is last in order; nil if there is none.
    let truncate: Truncate?

    /// A truncate deletes every row whose last change comes before it.
    struct Truncate: Sendable, Hashable {
        let order: [UInt8]
        /// In microseconds since 1970.
        let time: Int64

        /// The later one.
        static func later(_ left: Truncate?, _ right: Truncate?) -> Truncate? {
            guard let left, let right else { return left ?? right }
            return left.order.lexicographicallyPrecedes(right.order) ? right : left
        }
    }

    init(
        columns: [ColumnRows], operations: [Operation], times: [Int64], orders: ColumnRows, fileOrders: [[UInt8]],
        files: [Int32], unchanged: [Int32: Set<Int>], key: KeyColumns
    ) throws(SilverError) {
        self.columns = columns
        self.operations = operations
        self.times = times
        self.orders = orders
        self.fileOrders = fileOrders
        self.files = files
        self.unchanged = unchanged
        var keys = KeyTable(expecting: operations.count)
        var lastOfKey: [Int32] = []
        var before = [Int32](repeating: -1, count: operations.count)
        var truncate: Truncate?
        var bytes = KeyBytes()
        for row in operations.indices {
            if operations[row] == .truncate {
                let text = Self.order(of: row, orders, fileOrders, files)
                truncate = Truncate.later(truncate, Truncate(order: Array(text), time: times[row]))
                continue
            }
            guard key.read(row, into: &bytes) else {
                throw .bronze(place: "row \(row) of the batch", reason: "a column of the primary key has no value")
            }
            let number = keys.number(of: bytes)
            if number == lastOfKey.count {
                lastOfKey.append(Int32(row))
            } else {
                before[row] = lastOfKey[number]
                lastOfKey[number] = Int32(row)
            }
        }
        self.keys = keys
        self.lastOfKey = lastOfKey
        self.before = before
        self.truncate = truncate
    }

    func order(of row: Int) -> Order { Order(text: Self.order(of: row, orders, fileOrders, files), rank: row) }

    private static func order(
        of row: Int, _ orders: ColumnRows, _ fileOrders: [[UInt8]], _ files: [Int32]
    ) -> ArraySlice<UInt8> { orders.text(of: row) ?? fileOrders[Int(files[row])][...] }

    /// The changes of a key, in no order.
    func rows(of key: Int) -> KeyRows { KeyRows(row: lastOfKey[key], before: before) }

    struct KeyRows: Sequence, IteratorProtocol {
        fileprivate var row: Int32
        fileprivate let before: [Int32]

        mutating func next() -> Int? {
            guard row >= 0 else { return nil }
            defer { row = before[Int(row)] }
            return Int(row)
        }
    }

    /// Whether the change carries a value of the column, be it null.
    func carries(_ row: Int, _ column: Int, isKey: Bool) -> Bool {
        switch operations[row] {
        // The other columns of a delete are those of the row before it, or are left out.
        case .delete, .truncate: isKey
        case .insert, .update: unchanged[Int32(row)].map { !$0.contains(column) } ?? true
        }
    }

    /// Whether it carries all columns.
    func isWhole(_ row: Int) -> Bool {
        switch operations[row] {
        case .delete, .truncate: false
        case .insert, .update: unchanged.isEmpty || unchanged[Int32(row)] == nil
        }
    }
}
