internal import JSON
internal import Time

// Numbers in definitions and inputs have any size; what is computed from them stays within what a clock and an Int hold.

extension Timestamp {
    /// The instant `seconds` later, at most some three thousand years.
    func advanced(bySeconds seconds: Int) -> Timestamp {
        advanced(byMilliseconds: Int64(min(max(seconds, 0), Self.longestWait)) * 1000)
    }

    private static let longestWait = 100_000_000_000
}

extension Int {
    /// The nearest integer towards zero that fits; 0 for no number.
    init(clamping value: Double) {
        if let exact = Int(exactly: value.rounded(.towardZero)) {
            self = exact
        } else {
            self = value.isNaN ? 0 : value < 0 ? .min : .max
        }
    }
}

extension JSON {
    /// Whether the value has more than `levels` of arrays and objects inside each other.
    func isDeeper(than levels: Int) -> Bool {
        switch self {
        case .array(let elements): levels == 0 || elements.contains { $0.isDeeper(than: levels - 1) }
        case .object(let object): levels == 0 || object.contains { $0.value.isDeeper(than: levels - 1) }
        default: false
        }
    }
}
