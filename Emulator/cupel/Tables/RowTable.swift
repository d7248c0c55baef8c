/// Rows by the hash of their key, with what is compared of them. Flat arrays: some 30 bytes a row.
struct RowTable {
    struct Row {
        /// The hash of the contract's columns, and of those that silver adds.
        let data: UInt64
        let state: UInt32
        let isLive: Bool
    }

    private var slots: [Int32]
    private var keys: [UInt64] = []
    private var rows: [Row] = []
    private var isTaken: [Bool] = []
    private var mask: Int

    init(expecting count: Int) {
        var size = 64
        while size < count * 2 { size *= 2 }
        slots = [Int32](repeating: -1, count: size)
        mask = size - 1
        keys.reserveCapacity(count)
        rows.reserveCapacity(count)
        isTaken.reserveCapacity(count)
    }

    mutating func add(_ key: UInt64, _ row: Row) {
        var slot = Int(truncatingIfNeeded: key >> 20) & mask
        while slots[slot] >= 0 { slot = (slot + 1) & mask }
        slots[slot] = Int32(keys.count)
        keys.append(key)
        rows.append(row)
        isTaken.append(false)
        if keys.count * 3 > slots.count * 2 { grow() }
    }

    /// Takes a row of the key out of the table; nil if none is left.
    mutating func take(_ key: UInt64) -> Row? {
        var slot = Int(truncatingIfNeeded: key >> 20) & mask
        while slots[slot] >= 0 {
            let place = Int(slots[slot])
            if keys[place] == key, !isTaken[place] {
                isTaken[place] = true
                return rows[place]
            }
            slot = (slot + 1) & mask
        }
        return nil
    }

    /// The rows that nobody has taken.
    func forEachLeft(_ body: (UInt64, Row) -> Void) {
        for place in keys.indices where !isTaken[place] { body(keys[place], rows[place]) }
    }

    private mutating func grow() {
        slots = [Int32](repeating: -1, count: slots.count * 2)
        mask = slots.count - 1
        for (place, key) in keys.enumerated() {
            var slot = Int(truncatingIfNeeded: key >> 20) & mask
            while slots[slot] >= 0 { slot = (slot + 1) & mask }
            slots[slot] = Int32(place)
        }
    }
}
