/// What was found in the values of one column that were looked at.
public struct PersonalDataSample: Sendable {
    private let detector: PersonalDataDetector
    /// Values that were looked at.
    public private(set) var count = 0
    private var certain: [PersonalDataKind: Int] = [:]
    private var likely: [PersonalDataKind: Int] = [:]
    private var nineDigits = NineDigitNumbers()

    public init(column: String) { detector = PersonalDataDetector(column: column) }

    /// Looks at a value, which is UTF-8.
    public mutating func add(_ text: UnsafeBufferPointer<UInt8>) {
        count += 1
        nineDigits.add(text)
        let matches = detector.matches(in: text)
        guard !matches.isEmpty else { return }
        for kind in matches.certain { certain[kind, default: 0] += 1 }
        for kind in matches.likely.subtracting(matches.certain) { likely[kind, default: 0] += 1 }
    }

    /// The kinds that the column holds, and how many values of the sample hold them.
    ///
    /// One value that cannot be chance is enough. Of others so many are due as chance does not make.
    public var findings: [(kind: PersonalDataKind, matchedCount: Int)] {
        PersonalDataKind.allCases.compactMap { kind in
            if kind == .ssn, nineDigits.areSocialSecurity, nineDigits.count * 10 >= count * 9 {
                return (kind, nineDigits.count)
            }
            let (sure, maybe) = (certain[kind] ?? 0, likely[kind] ?? 0)
            guard sure > 0 || maybe > 1 && Double(maybe) >= kind.dueShare * Double(count) else { return nil }
            return (kind, sure + maybe)
        }
    }
}

/// Values of nine digits without punctuation, of which one alone says nothing: it may be anybody's order.
///
/// Of numbers that chance makes one in nine is never issued as a social security number, and still one in ninety of those
/// between 100000000 and 899999999; numbers that count up share their first digits.
private struct NineDigitNumbers: Sendable {
    /// Those that may be issued.
    private(set) var count = 0
    private var isAnyOther = false
    private var areas: Set<Int> = []

    /// Of so many numbers between 100000000 and 899999999, one in 300 samples has none that is never issued.
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

    /// Whether no value is of another kind, and they begin with as many different digits as if they were given out at random.
    var areSocialSecurity: Bool { !isAnyOther && count >= Self.leastCount && areas.count >= 150 }
}

extension PersonalDataKind {
    /// The share of values that must look like this kind where none is certain.
    fileprivate var dueShare: Double {
        switch self {
        case .cep, .zip: 0.5
        // One of ten numbers has the right check digit.
        case .paymentCard: 0.3
        default: 0.05
        }
    }
}
