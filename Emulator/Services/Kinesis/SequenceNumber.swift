/// The place of a record in its shard, as clients see it: a number of 56 digits that grows within a shard.
///
/// From the top, in hexadecimal digits: a 2, when the shard was opened (9, in seconds), the shard (1), the record's index in
/// the shard (16), zeros (2), when the record arrived (9, in seconds), the shard (8), a 2.
struct SequenceNumber: Sendable, Hashable {
    /// Seconds since 1970.
    var shardOpened: Int64
    var shard: Int
    /// Counts the records of a shard from 1; 0 is the place before the first.
    var index: Int64
    /// Seconds since 1970.
    var arrived: Int64

    /// The index of the place after the last record of a closed shard.
    static let endIndex = Int64.max

    private static let secondsMask: UInt64 = 1 << 36 - 1
    /// The largest power of ten that a word holds, and its zeros.
    private static let chunk: UInt64 = 10_000_000_000_000_000_000
    private static let chunkDigits = 19

    init(shardOpened: Int64, shard: Int, index: Int64, arrived: Int64) {
        self.shardOpened = shardOpened
        self.shard = shard
        self.index = index
        self.arrived = arrived
    }

    /// How many it always has: the 2 at the top makes it 4.9 to 7.4 times 10^55.
    static let digits = 56

    var text: String {
        String(unsafeUninitializedCapacity: Self.digits) { write(into: $0) }
    }

    /// Writes the digits at the start of `space`, which has room for all of them.
    /// - Returns: how many there are.
    func write(into space: UnsafeMutableBufferPointer<UInt8>) -> Int {
        let index = UInt64(index)
        let low = 2 | UInt128(shard) << 4 | UInt128(UInt64(arrived) & Self.secondsMask) << 36 | UInt128(index) << 80
        let high =
            index >> 48 | UInt64(shard & 15) << 16 | (UInt64(shardOpened) & Self.secondsMask) << 20 | 2 << 56
        var words = (high, UInt64(truncatingIfNeeded: low >> 64), UInt64(truncatingIfNeeded: low))
        let last = Self.divide(&words)
        let middle = Self.divide(&words)
        let (middleStart, lastStart) = (Self.digits - 2 * Self.chunkDigits, Self.digits - Self.chunkDigits)
        Self.write(words.2, into: space, at: 0..<middleStart)
        Self.write(middle, into: space, at: middleStart..<lastStart)
        Self.write(last, into: space, at: lastStart..<Self.digits)
        return Self.digits
    }

    /// Divides in place and returns the remainder.
    private static func divide(_ words: inout (UInt64, UInt64, UInt64)) -> UInt64 {
        var remainder: UInt64 = 0
        (words.0, remainder) = chunk.dividingFullWidth((remainder, words.0))
        (words.1, remainder) = chunk.dividingFullWidth((remainder, words.1))
        (words.2, remainder) = chunk.dividingFullWidth((remainder, words.2))
        return remainder
    }

    /// Writes the last digits of `number`, with zeros before them.
    private static func write(
        _ number: UInt64, into space: UnsafeMutableBufferPointer<UInt8>, at places: Range<Int>
    ) {
        var rest = number
        for place in places.reversed() {
            space[place] = UInt8(ascii: "0") + UInt8(rest % 10)
            rest /= 10
        }
    }

    /// - Returns: nil for a number that no shard here gives.
    init?(_ text: String) {
        var low: UInt128 = 0
        var high: UInt64 = 0
        guard text.utf8.count == Self.digits else { return nil }
        for digit in text.utf8 {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) else { return nil }
            let (carry, product) = low.multipliedFullWidth(by: 10)
            let (sum, overflow) = product.addingReportingOverflow(UInt128(digit - UInt8(ascii: "0")))
            low = sum
            high = high * 10 + UInt64(carry) + (overflow ? 1 : 0)
        }
        guard low & 15 == 2, high >> 56 == 2 else { return nil }
        shard = Int(low >> 4 & 0xFFFF_FFFF)
        arrived = Int64(low >> 36 & UInt128(Self.secondsMask))
        guard UInt64(shard & 15) == high >> 16 & 15 else { return nil }
        guard let index = Int64(exactly: UInt64(low >> 80) | (high & 0xFFFF) << 48) else { return nil }
        self.index = index
        shardOpened = Int64(high >> 20 & Self.secondsMask)
    }
}
