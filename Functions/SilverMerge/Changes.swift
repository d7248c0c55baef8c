internal import Columns
internal import Lake

/// The changes of a batch in memory, column by column, with the changes of each key in a list.
struct Changes {
    enum Operation: UInt8 {
        case insert, update, delete, truncate

        init?(_ text: some Collection<UInt8>) {
            guard let known = Self.names.first(where: { $0.0.elementsEqual(text) }) else { return nil }
            self = known.1
        }

        private static let names: [([UInt8], Operation)] = [
            (Array("insert".utf8), .insert), (Array("update".utf8), .update), (Array("delete".utf8), .delete),
            (Array("truncate".utf8), .truncate),
        ]
    }

    /// A place in the order of all changes of a table.
    struct Order: Comparable {
        let text: ArraySlice<UInt8>
        /// Among changes with the same text: of one file the later row, of several that of the larger control ID.
        let rank: Int

        static func < (left: Order, right: Order) -> Bool {
            if left.text == right.text { return left.rank < right.rank }
            return left.text.precedes(right.text)
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
    /// For the few deletes of former keys whose row has values of the new key's: the change of the key.
    var keyChanges: [Int32: KeyChange] = [:]
    /// Where the changes are values that rows give to others: their orders, by columns.
    var donatedOrders: [Int32: [Int: [UInt8]]] = [:]
    let keys: ChangedKeys
    /// The changes of each key: ``rowsOfKeys`` from its start on, up to the next one's.
    private let rowsOfKeys: [Int32]
    private let starts: [Int32]
    /// The truncate that is last in order; nil if there is none.
    let truncate: Truncate?
    /// All of them.
    let truncates: [Truncate]

    /// A change of a row's key that left columns out.
    struct KeyChange {
        let order: [UInt8]
        /// The new key's values, as Iceberg serializes them.
        let key: [[UInt8]]
        /// The places of the columns that it left out.
        let columns: Set<Int>
    }

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
        var truncates: [Truncate] = []
        var rows: [Int32] = []
        rows.reserveCapacity(operations.count)
        for row in operations.indices {
            guard operations[row] == .truncate else {
                rows.append(Int32(row))
                continue
            }
            let text = Self.order(of: row, orders, fileOrders, files)
            truncates.append(Truncate(order: Array(text), time: times[row]))
        }
        if let numbers = key.integers(of: rows) {
            let integers = IntegerKeys(numbers, rows: rows)
            (keys, rowsOfKeys, starts) = (.integers(integers), integers.rows, integers.starts)
        } else {
            var table = KeyTable(expecting: rows.count)
            var numbers: [Int32] = []
            var bytes = KeyBytes()
            for row in rows {
                guard key.read(Int(row), into: &bytes) else {
                    throw .bronze(place: "row \(row) of the batch", reason: "a column of the primary key has no value")
                }
                numbers.append(Int32(table.number(of: bytes)))
            }
            keys = .bytes(table)
            (rowsOfKeys, starts) = Self.grouped(rows, by: numbers, count: table.count)
        }
        self.truncates = truncates
        truncate = truncates.reduce(nil) { Truncate.later($0, $1) }
    }

    func order(of row: Int) -> Order { Order(text: Self.order(of: row, orders, fileOrders, files), rank: row) }

    private static func order(
        of row: Int, _ orders: ColumnRows, _ fileOrders: [[UInt8]], _ files: [Int32]
    ) -> ArraySlice<UInt8> { orders.text(of: row) ?? fileOrders[Int(files[row])][...] }

    /// The rows together that have the same number, and where those of each number begin.
    private static func grouped(_ rows: [Int32], by numbers: [Int32], count: Int) -> (rows: [Int32], starts: [Int32]) {
        var starts = [Int32](repeating: 0, count: count + 1)
        for number in numbers { starts[Int(number) + 1] += 1 }
        for number in 0..<count { starts[number + 1] += starts[number] }
        var (next, grouped) = (starts, rows)
        for (row, number) in zip(rows, numbers) {
            grouped[Int(next[Int(number)])] = row
            next[Int(number)] += 1
        }
        return (grouped, starts)
    }

    /// The changes of a key, in no order.
    func rows(of key: Int) -> some RandomAccessCollection<Int> {
        rowsOfKeys[Int(starts[key])..<Int(starts[key + 1])].lazy.map { Int($0) }
    }

    /// Whether the change carries a value of the column, be it null.
    func carries(_ row: Int, _ column: Int, isKey: Bool) -> Bool {
        switch operations[row] {
        // The other columns of a delete are those of the row before it, or are left out.
        case .delete, .truncate: isKey
        case .insert, .update: unchanged[Int32(row)].map { !$0.contains(column) } ?? true
        }
    }

    /// Whether the changes are values that other rows have given.
    var areDonations: Bool { !donatedOrders.isEmpty }

    /// The order of the value that a change has of a column other than the key's; nil if it has none.
    func valueOrder(of row: Int, _ column: Int) -> [UInt8]? {
        if areDonations { return donatedOrders[Int32(row)]?[column] }
        return carries(row, column, isKey: false) ? Array(order(of: row).text) : nil
    }

    /// Whether it carries all columns.
    func isWhole(_ row: Int) -> Bool {
        switch operations[row] {
        case .delete, .truncate: false
        case .insert, .update: unchanged.isEmpty || unchanged[Int32(row)] == nil
        }
    }
}

extension ArraySlice<UInt8> {
    /// As `lexicographicallyPrecedes`, which calls a function for each byte.
    func precedes(_ other: ArraySlice<UInt8>) -> Bool {
        withUnsafeBufferPointer { left in
            other.withUnsafeBufferPointer { right in
                for index in 0..<Swift.min(left.count, right.count) where left[index] != right[index] {
                    return left[index] < right[index]
                }
                return left.count < right.count
            }
        }
    }
}
