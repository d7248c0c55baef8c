/// What was found in the values of one column that were looked at.
public struct PersonalDataSample: Sendable {
    private let detector: PersonalDataDetector
    /// Values that were looked at.
    public private(set) var count = 0
    private var certain: [PersonalDataKind: Int] = [:]
    private var likely: [PersonalDataKind: Int] = [:]

    public init(column: String) { detector = PersonalDataDetector(column: column) }

    /// Looks at a value, which is UTF-8.
    public mutating func add(_ text: UnsafeBufferPointer<UInt8>) {
        count += 1
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
            let (sure, maybe) = (certain[kind] ?? 0, likely[kind] ?? 0)
            guard sure > 0 || maybe > 1 && Double(maybe) >= kind.dueShare * Double(count) else { return nil }
            return (kind, sure + maybe)
        }
    }
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
