/// A growing set of 64-bit numbers, in memory up to a limit.
struct FingerprintSet {
    private(set) var count = 0
    /// Numbers at places that they give themselves; 0 where there is none.
    private var slots: [UInt64]
    private var hasZero = false
    private let slotLimit: Int

    /// - Parameter byteLimit: how large the table may be, in bytes.
    init(byteLimit: Int) {
        slotLimit = Swift.max(64, byteLimit / 8)
        slots = [UInt64](repeating: 0, count: 64)
    }

    enum Insertion { case added, present, full }

    mutating func insert(_ number: UInt64) -> Insertion {
        guard number != 0 else {
            defer { hasZero = true }
            return hasZero ? .present : .added
        }
        var slot = place(of: number)
        if slots[slot] == number { return .present }
        if (count + 1) * 4 > slots.count * 3 {
            guard grow() else { return .full }
            slot = place(of: number)
        }
        slots[slot] = number
        count += 1
        return .added
    }

    /// Where `number` is, or would be.
    private func place(of number: UInt64) -> Int {
        let mask = slots.count - 1
        var slot = Int(truncatingIfNeeded: number) & mask
        while slots[slot] != 0, slots[slot] != number { slot = (slot + 1) & mask }
        return slot
    }

    private mutating func grow() -> Bool {
        guard slots.count * 2 <= slotLimit else { return false }
        let old = slots
        slots = [UInt64](repeating: 0, count: old.count * 2)
        for number in old where number != 0 { slots[place(of: number)] = number }
        return true
    }
}

/// A growing set of integers: a bit for each, in pages of neighbours, so that a key that counts up costs next to nothing.
struct IntegerSet {
    static let pageBits = 1 << 15
    private static let pageWords = pageBits / 64

    private(set) var count = 0
    private var words: [UInt64] = []
    private var pages: [Int64: Int] = [:]
    /// The page that was last looked at; most values lie near their predecessor.
    private var last: (number: Int64, start: Int) = (.min, 0)

    var sizeInBytes: Int { words.count * 8 }
    /// Whether a set of single numbers would be smaller.
    var isSparse: Bool { pages.count > 16 && count < pages.count * (Self.pageBits / 8 / 16) }

    /// - Returns: how many of the values were in the set before, or came twice.
    mutating func insert<Value: FixedWidthInteger>(_ values: ArraySlice<Value>) -> Int {
        var repeats = 0
        for value in values {
            let value = Int64(value)
            let page = value >> 15
            if page != last.number { turn(to: page) }
            let word = last.start + Int(value & 0x7FFF) >> 6
            let bit: UInt64 = 1 << (value & 63)
            repeats += words[word] & bit == 0 ? 0 : 1
            words[word] |= bit
        }
        count += values.count - repeats
        return repeats
    }

    private mutating func turn(to page: Int64) {
        if let start = pages[page] {
            last = (page, start)
            return
        }
        last = (page, words.count)
        pages[page] = words.count
        words.append(contentsOf: repeatElement(0, count: Self.pageWords))
    }

    /// Calls `body` with each value, in an order of its own.
    func forEach(_ body: (Int64) -> Void) {
        for (page, start) in pages {
            for word in 0..<Self.pageWords {
                var bits = words[start + word]
                while bits != 0 {
                    body(page << 15 | Int64(word << 6 | bits.trailingZeroBitCount))
                    bits &= bits - 1
                }
            }
        }
    }
}
