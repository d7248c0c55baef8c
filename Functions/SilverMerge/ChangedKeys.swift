/// The distinct keys of a batch, each with a number.
enum ChangedKeys {
    /// Where the key is one column of whole numbers.
    case integers(IntegerKeys)
    case bytes(KeyTable)

    var count: Int {
        switch self {
        case .integers(let keys): keys.values.count
        case .bytes(let table): table.count
        }
    }

    /// The numbers of the keys for which `isWanted` says so, in the order of the keys.
    func sorted(where isWanted: (Int32) -> Bool) -> [Int32] {
        let wanted = (0..<Int32(count)).filter(isWanted)
        return switch self {
        case .integers: wanted
        case .bytes(let table): table.sorted(wanted)
        }
    }

    /// Calls `body` with each row that has one of the keys, and with the key's number.
    /// - Parameter next: where the last search ended; 0 at first.
    func forEachHit(in columns: KeyColumns, rowCount: Int, from next: inout Int, _ body: (Int, Int) -> Void) {
        switch self {
        case .integers(let keys):
            columns.withIntegers(rowCount) { values, rows in
                keys.forEachHit(values, from: &next) { index, number in body(rows?[index] ?? index, number) }
            }
        case .bytes(let table):
            var key = KeyBytes()
            for row in 0..<rowCount where columns.read(row, into: &key) {
                if let number = table.find(key) { body(row, number) }
            }
        }
    }
}
