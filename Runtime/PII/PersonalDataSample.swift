/// The findings in a sample of one column's values.
public struct PersonalDataSample: Sendable {
    private let detector: PersonalDataDetector
    /// The number of values in the sample.
    public private(set) var count = 0
    private var certain: [PersonalDataKind: Int] = [:]
    private var likely: [PersonalDataKind: Int] = [:]
    private var nineDigits = NineDigitNumbers()

    public init(column: String) { detector = PersonalDataDetector(column: column) }

    /// Adds a value, which is UTF-8, to the sample.
    public mutating func add(_ text: UnsafeBufferPointer<UInt8>) {
        count += 1
        nineDigits.add(text)
        let matches = detector.matches(in: text)
        guard !matches.isEmpty else { return }
        for kind in matches.certain { certain[kind, default: 0] += 1 }
        for kind in matches.likely.subtracting(matches.certain) { likely[kind, default: 0] += 1 }
    }

    /// The kinds of personal data in the column, and how many values of the sample match each.
    ///
    /// One certain match is enough. Likely matches must be more frequent than chance explains.
    public var findings: [(kind: PersonalDataKind, matchedCount: Int)] {
        PersonalDataKind.allCases.compactMap { kind in
            if kind == .ssn, nineDigits.areSocialSecurity, nineDigits.count * 10 >= count * 9 {
                return (kind, nineDigits.count)
            }
            let (sure, maybe) = (certain[kind] ?? 0, likely[kind] ?? 0)
            guard sure > 0 || maybe > 1 && Double(maybe) >= kind.requiredShare * Double(count) else { return nil }
            return (kind, sure + maybe)
        }
    }
}

/// Values of nine digits without punctuation. A single one proves nothing, since it may be an order number.
///
/// One in nine random numbers is never issued as a social security number, and one in ninety of those between 100000000
/// and 899999999. Ascending numbers share their first digits.
private struct NineDigitNumbers: Sendable {
    /// The number of values that may be issued social security numbers.
    private(set) var count = 0
    private var isAnyOther = false
    private var areas: Set<Int> = []

    /// With this many random numbers between 100000000 and 899999999, one sample in 300 has only numbers that may be
    /// issued.
    private static let leastCount = 500

    mutating func add(_ text: UnsafeBufferPointer<UInt8>) {
        guard text.count == 9, text.allSatisfy({ $0 &- 0x30 < 10 }) else { return }
        let digits = text.map { $0 - 0x30 }
        guard SocialSecurity.isIssued(digits) else {
            isAnyOther = true
            return
        }
        count += 1
        areas.insert(digits[..<3].number)
    }

    /// Whether every nine-digit value may be issued, and their first digits vary as randomly assigned ones do.
    var areSocialSecurity: Bool { !isAnyOther && count >= Self.leastCount && areas.count >= 150 }
}

extension PersonalDataKind {
    /// The share of values that must be likely matches of this kind if none is certain.
    fileprivate var requiredShare: Double {
        switch self {
        case .cep, .zip: 0.5
        // One number in ten has a valid check digit.
        case .paymentCard: 0.3
        default: 0.05
        }
    }
}
