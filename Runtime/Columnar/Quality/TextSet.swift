/// A fixed set of texts. A look-up allocates nothing.
struct TextSet {
    private var texts: [[UInt8]] = []
    /// Indices into `texts`, at places that hashes give; -1 where there is none.
    private var slots: [Int32]
    /// A bit for each length that a text has, the last for all from 63 on: most of what is looked for has another.
    private var lengths: UInt64 = 0

    init(_ texts: [[UInt8]]) {
        var capacity = 4
        while capacity < texts.count * 2 { capacity *= 2 }
        slots = [Int32](repeating: -1, count: capacity)
        for text in texts {
            text.withUnsafeBufferPointer { bytes in
                let slot = slot(of: bytes)
                guard slots[slot] < 0 else { return }
                slots[slot] = Int32(self.texts.count)
                lengths |= 1 << UInt64(min(text.count, 63))
                self.texts.append(text)
            }
        }
    }

    func contains(_ text: FieldText) -> Bool {
        lengths >> UInt64(min(text.count, 63)) & 1 == 1 && slots[slot(of: text)] >= 0
    }

    /// The place where `text` is, or would be.
    private func slot(of text: FieldText) -> Int {
        var slot = Int(truncatingIfNeeded: Fingerprint.of(text)) & (slots.count - 1)
        while slots[slot] >= 0, !text.elementsEqual(texts[Int(slots[slot])]) { slot = (slot + 1) & (slots.count - 1) }
        return slot
    }
}

/// A 64-bit fingerprint of a value.
enum Fingerprint {
    /// One of text: the same on every machine and in every run.
    /// - SeeAlso: <https://github.com/wangyi-fudan/wyhash>, whose way of mixing it takes.
    static func of(_ text: FieldText) -> UInt64 {
        var state = seed ^ UInt64(text.count)
        let bytes = UnsafeRawBufferPointer(text)
        var at = 0
        while at + 8 <= bytes.count {
            state = mixed(state ^ bytes.loadUnaligned(fromByteOffset: at, as: UInt64.self), second)
            at += 8
        }
        var rest: UInt64 = 0
        while at < bytes.count {
            rest = rest << 8 | UInt64(bytes[at])
            at += 1
        }
        return mixed(state ^ rest, third)
    }

    /// One of several, in their order.
    static func of(_ first: UInt64, _ other: UInt64) -> UInt64 { mixed(first ^ second, other &+ third) }

    /// One of a number. No two numbers have the same.
    /// - SeeAlso: <https://xoshiro.di.unimi.it/splitmix64.c>
    static func of(_ number: UInt64) -> UInt64 {
        var bits = number &+ 0x9E37_79B9_7F4A_7C15
        bits = (bits ^ (bits >> 30)) &* 0xBF58_476D_1CE4_E5B9
        bits = (bits ^ (bits >> 27)) &* 0x94D0_49BB_1331_11EB
        return bits ^ (bits >> 31)
    }

    private static let seed: UInt64 = 0xA076_1D64_78BD_642F
    private static let second: UInt64 = 0xE703_7ED1_A0B4_28DB
    private static let third: UInt64 = 0x8EBC_6AF0_9C88_C6E3

    private static func mixed(_ left: UInt64, _ right: UInt64) -> UInt64 {
        let (high, low) = left.multipliedFullWidth(by: right)
        return high ^ low
    }
}
