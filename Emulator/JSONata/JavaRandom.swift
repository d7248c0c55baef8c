/// The generator behind a seeded `$random`, as Step Functions has it: seed 42 gives 0.7275636800328681.
///
/// - SeeAlso: <https://docs.oracle.com/en/java/javase/21/docs/api/java.base/java/util/Random.html>
package struct JavaRandom: Sendable {
    private var state: UInt64

    package init(seed: Int64) { state = (UInt64(bitPattern: seed) ^ 0x5_DEEC_E66D) & Self.mask }

    private static let mask: UInt64 = (1 << 48) - 1

    /// The next `count` bits, as a signed number of 32 bits.
    private mutating func next(bits count: UInt64) -> Int32 {
        state = (state &* 0x5_DEEC_E66D &+ 0xB) & Self.mask
        return Int32(truncatingIfNeeded: state >> (48 - count))
    }

    /// A number from 0 up to but without 1.
    package mutating func nextDouble() -> Double {
        let high = Int64(next(bits: 26)) << 27
        return Double(high + Int64(next(bits: 27))) * 0x1p-53
    }

    /// A number from 0 up to but without `bound`.
    package mutating func nextInt(below bound: Int32) -> Int32 {
        if bound & (bound - 1) == 0 { return Int32((Int64(bound) * Int64(next(bits: 31))) >> 31) }
        while true {
            let bits = next(bits: 31)
            let value = bits % bound
            // Skips the last, incomplete run of remainders, by Java's overflow.
            if bits &- value &+ (bound - 1) >= 0 { return value }
        }
    }

    static func firstDouble(seed: Int64) -> Double {
        var random = JavaRandom(seed: seed)
        return random.nextDouble()
    }
}
