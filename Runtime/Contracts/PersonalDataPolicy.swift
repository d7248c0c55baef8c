/// What is done about personal data in text that a contract neither classifies nor masks.
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
    /// Where bronze has text of which nothing is said, neither a classification nor a masking: columns, and leaves of
    /// structs and lists. JSON is text as well, and the fields that the contract does not know are such.
    public var unclassifiedPlaces: [FieldPlace] {
        bronzeColumns.filter { $0.name == BronzeColumn.rescuedData || column(named: $0.name) != nil }
            .flatMap(\.leaves)
            .filter { $0.field.type.isText && $0.field.masking == nil && !$0.isClassified }
    }

    /// The same contract, which hides the values at some places more.
    public func masking(_ places: [String], by masking: Masking) -> Contract {
        var contract = self
        for place in places { contract.detectedMaskings[place] = masking }
        return contract
    }
}
