/// SplitMix64: gives the same numbers for the same seed on every machine.
/// - SeeAlso: <https://doi.org/10.1145/2714064.2660195>
struct SampleRandom: RandomNumberGenerator {
    private var state: UInt64

    /// - Parameter stream: the name of a stream of numbers; each table has its own.
    init(seed: UInt64, stream: String) {
        state = seed
        for byte in stream.utf8 { state = (state ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// Uniform in `0..<bound`.
    mutating func below(_ bound: Int) -> Int { Int(next().multipliedFullWidth(by: UInt64(bound)).high) }

    mutating func pick<Element>(_ elements: [Element]) -> Element { elements[below(elements.count)] }

    /// True with the probability 1 / `count`.
    mutating func once(in count: Int) -> Bool { below(count) == 0 }

    /// In `0..<bound`. Small numbers are far more frequent, so that a few beers have most of the reviews.
    mutating func skewed(below bound: Int) -> Int {
        let uniform = Double(next() >> 11) * 0x1p-53
        return min(bound - 1, Int(Double(bound) * uniform * uniform * uniform))
    }

    /// In `0..<bound`, about as often as things that people like: the second half as often as the first, the tenth a tenth as
    /// often.
    mutating func ranked(below bound: Int) -> Int {
        while true {
            // Numbers of each count of binary digits are equally likely.
            let first = 1 << below(Int.bitWidth - bound.leadingZeroBitCount)
            let number = first - 1 + below(first)
            if number < bound { return number }
        }
    }
}
