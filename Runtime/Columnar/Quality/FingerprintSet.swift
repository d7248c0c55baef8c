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
