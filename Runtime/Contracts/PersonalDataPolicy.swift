/// What is done about personal data in text columns that a contract neither classifies nor masks.
///
/// The contract's custom property `personalData`.
public enum PersonalDataPolicy: String, Sendable, Hashable, CaseIterable {
    /// Nobody looks.
    case off
    /// What is found stands in the file's control record; the values stay.
    case report
    /// Columns in which some is found are masked in that way, from the first row.
    case mask, hash, redact

    /// How values are hidden; nil if they are not.
    public var masking: Contract.Masking? {
        switch self {
        case .off, .report: nil
        case .mask: .mask
        case .hash: .hash
        case .redact: .redact
        }
    }
}

extension Contract {
    /// The text columns of bronze that nothing is said about: neither a classification nor a masking. The fields that the
    /// contract does not know are such, too.
    public var unclassifiedColumns: [String] {
        let own = columns.filter { $0.type == .string && $0.classification == nil }.map(\.name)
        return (own + [BronzeColumn.rescuedData]).filter { name in
            bronzeColumns.contains { $0.name == name && $0.masking == nil }
        }
    }

    /// The same contract, which hides the values of some columns more.
    public func masking(_ names: [String], by masking: Masking) -> Contract {
        var contract = self
        for name in names { contract.detectedMaskings[name] = masking }
        return contract
    }
}
