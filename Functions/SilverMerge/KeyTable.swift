/// The keys of a batch, each with a number, found by their bytes.
///
/// Open addressing over arrays: no allocation for each key, since a batch has a million of them and a table ten million rows.
struct KeyTable {
    private var slots: [Int32]
    private var hashes: [UInt64] = []
    private var bytes: [UInt8] = []
    private var ends: [Int] = [0]
    private var mask: Int

    init(expecting count: Int) {
        var size = 64
        while size < count * 2 { size *= 2 }
        slots = [Int32](repeating: -1, count: size)
        mask = size - 1
    }

    var count: Int { hashes.count }

    func key(_ number: Int) -> ArraySlice<UInt8> { bytes[ends[number]..<ends[number + 1]] }

    /// The number of a key, which is added if it is new.
    mutating func number(of key: KeyBytes) -> Int {
        let hash = key.hash
        var slot = Int(truncatingIfNeeded: hash) & mask
        while slots[slot] >= 0 {
            if isKey(Int(slots[slot]), hash, key) { return Int(slots[slot]) }
            slot = (slot + 1) & mask
        }
        let number = hashes.count
        slots[slot] = Int32(number)
        hashes.append(hash)
        bytes += key.bytes
        ends.append(bytes.count)
        if hashes.count * 2 > slots.count { grow() }
        return number
    }

    /// The number of a key; nil if it is not in the batch.
    func find(_ key: KeyBytes) -> Int? {
        let hash = key.hash
        var slot = Int(truncatingIfNeeded: hash) & mask
        while slots[slot] >= 0 {
            if isKey(Int(slots[slot]), hash, key) { return Int(slots[slot]) }
            slot = (slot + 1) & mask
        }
        return nil
    }

    /// The keys' numbers in the order of their bytes, which is that of their values.
    func sorted(_ numbers: [Int32]) -> [Int32] {
        bytes.withUnsafeBufferPointer { bytes in
            func key(_ number: Int32) -> Slice<UnsafeBufferPointer<UInt8>> {
                bytes[ends[Int(number)]..<ends[Int(number) + 1]]
            }
            return numbers.sorted { left, right in
                let (left, right) = (key(left), key(right))
                var (a, b) = (left.startIndex, right.startIndex)
                while a < left.endIndex, b < right.endIndex {
                    if bytes[a] != bytes[b] { return bytes[a] < bytes[b] }
                    a += 1
                    b += 1
                }
                return left.count < right.count
            }
        }
    }

    @inline(__always)
    private func isKey(_ number: Int, _ hash: UInt64, _ key: KeyBytes) -> Bool {
        guard hashes[number] == hash, ends[number + 1] - ends[number] == key.bytes.count else { return false }
        var place = ends[number]
        for byte in key.bytes {
            guard bytes[place] == byte else { return false }
            place += 1
        }
        return true
    }

    private mutating func grow() {
        slots = [Int32](repeating: -1, count: slots.count * 2)
        mask = slots.count - 1
        for (number, hash) in hashes.enumerated() {
            var slot = Int(truncatingIfNeeded: hash) & mask
            while slots[slot] >= 0 { slot = (slot + 1) & mask }
            slots[slot] = Int32(number)
        }
    }
}

/// A key as bytes whose order is the order of the values: numbers with their sign turned and the weightiest byte first, text
/// as it is, with an end that sorts before every longer text.
struct KeyBytes {
    private(set) var bytes: [UInt8] = []

    mutating func removeAll() { bytes.removeAll(keepingCapacity: true) }

    @inline(__always)
    mutating func append(_ value: Int64) {
        let turned = UInt64(bitPattern: value) ^ (1 << 63)
        for shift in stride(from: UInt64(56), through: 0, by: -8) {
            bytes.append(UInt8(truncatingIfNeeded: turned >> shift))
        }
    }

    /// Adds text. A zero byte is followed by 255 and the end by another zero, so that no key begins another.
    mutating func append(text: some Sequence<UInt8>) {
        for byte in text {
            bytes.append(byte)
            if byte == 0 { bytes.append(0xFF) }
        }
        bytes.append(0)
        bytes.append(0)
    }

    /// Adds bytes of a fixed number, such as those of a UUID.
    mutating func append(fixed value: some Sequence<UInt8>, isSigned: Bool) {
        for (place, byte) in value.enumerated() { bytes.append(place == 0 && isSigned ? byte ^ 0x80 : byte) }
    }

    var hash: UInt64 {
        var hash: UInt64 = 0x9E37_79B9_7F4A_7C15 ^ UInt64(bytes.count)
        bytes.withUnsafeBytes { raw in
            var place = 0
            while place + 8 <= raw.count {
                hash = Self.mixed(hash ^ raw.loadUnaligned(fromByteOffset: place, as: UInt64.self))
                place += 8
            }
            var rest: UInt64 = 0
            while place < raw.count {
                rest = rest << 8 | UInt64(raw[place])
                place += 1
            }
            hash = Self.mixed(hash ^ rest)
        }
        return hash
    }

    @inline(__always)
    private static func mixed(_ value: UInt64) -> UInt64 {
        let (high, low) = value.multipliedFullWidth(by: 0xD6E8_FEB8_6659_FD93)
        return high ^ low
    }
}
