/// The distinct keys of a batch where the key is one column of whole numbers, in their order; a key's number is its place.
///
/// Tables are sorted by their keys as a rule. So the keys of a row group and these are walked through side by side, which
/// takes a step a row and no look-up.
struct IntegerKeys {
    private(set) var values: [Int64] = []
    /// The rows of the batch, those of a key together and ascending.
    private(set) var rows: [Int32] = []
    /// Where the rows of each key begin, and where the last ones end.
    private(set) var starts: [Int32] = [0]

    /// - Parameter keys: each row's key; nil for rows that have none.
    init(_ keys: [Int64], rows given: [Int32]) {
        let (sorted, rows) = Self.sorted(keys, given)
        values.reserveCapacity(sorted.count)
        starts.reserveCapacity(sorted.count + 1)
        for (index, key) in sorted.enumerated() {
            if values.last != key {
                if index > 0 { starts.append(Int32(index)) }
                values.append(key)
            }
        }
        if !sorted.isEmpty { starts.append(Int32(sorted.count)) }
        self.rows = rows
    }

    /// Calls `body` with each of `keys` that is here: its index there, and its number here.
    /// - Parameter next: where the last search ended.
    func forEachHit(_ keys: UnsafeBufferPointer<Int64>, from next: inout Int, _ body: (Int, Int) -> Void) {
        values.withUnsafeBufferPointer { values in
            var place = next
            var last = Int64.min
            for (index, key) in keys.enumerated() {
                if key < last || index == 0 { place = Self.firstIndex(in: values, notBelow: key) }
                last = key
                while place < values.count, values[place] < key { place += 1 }
                if place < values.count, values[place] == key { body(index, place) }
            }
            next = place
        }
    }

    /// Whether one of the keys lies between these bounds.
    func hasKey(from lower: Int64, through upper: Int64) -> Bool {
        values.withUnsafeBufferPointer { values in
            let place = Self.firstIndex(in: values, notBelow: lower)
            return place < values.count && values[place] <= upper
        }
    }

    private static func firstIndex(in values: UnsafeBufferPointer<Int64>, notBelow key: Int64) -> Int {
        var (start, end) = (0, values.count)
        while start < end {
            let middle = (start + end) / 2
            if values[middle] < key { start = middle + 1 } else { end = middle }
        }
        return start
    }

    /// Sorts by key, then by row: byte by byte from the least one on, where the keys differ at all.
    private static func sorted(_ keys: [Int64], _ rows: [Int32]) -> ([Int64], [Int32]) {
        guard let first = keys.first, !zip(keys, keys.dropFirst()).allSatisfy({ $0 <= $1 }) else { return (keys, rows) }
        let differing = keys.reduce(into: UInt64(0)) { $0 |= UInt64(bitPattern: $1 ^ first) }
        var (keys, rows) = (keys, rows)
        var (otherKeys, otherRows) = (keys, rows)
        for shift in stride(from: UInt64(0), to: 64, by: 8) where differing >> shift & 0xFF != 0 {
            // The sign's bit is turned, so that negative numbers come first.
            func digit(_ key: Int64) -> Int {
                Int((UInt64(bitPattern: key) ^ (1 << 63)) >> shift & 0xFF)
            }
            var ends = [Int](repeating: 0, count: 257)
            for key in keys { ends[digit(key) + 1] += 1 }
            for value in 1...256 { ends[value] += ends[value - 1] }
            ends.withUnsafeMutableBufferPointer { ends in
                otherKeys.withUnsafeMutableBufferPointer { otherKeys in
                    otherRows.withUnsafeMutableBufferPointer { otherRows in
                        for (index, key) in keys.enumerated() {
                            let place = ends[digit(key)]
                            ends[digit(key)] += 1
                            otherKeys[place] = key
                            otherRows[place] = rows[index]
                        }
                    }
                }
            }
            swap(&keys, &otherKeys)
            swap(&rows, &otherRows)
        }
        return (keys, rows)
    }
}
