/// What happens to personal data in text that a contract neither classifies nor masks: the contract's custom property
/// `personalData`.
public enum PersonalDataPolicy: String, Sendable, Hashable, CaseIterable {
    /// The text is not searched.
    case off
    /// Findings are recorded in the file's control record. The values stay unchanged.
    case report
    /// Columns with findings are masked in this way, from the first row.
    case mask, hash, redact

    /// How values are masked; nil if they are not.
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
    /// The text in bronze without a classification or a masking: columns, and leaves of structs and lists. JSON text
    /// and the rescued fields are included.
    public var unclassifiedPlaces: [FieldPlace] {
        // The columns that bronze adds follow the table's own.
        let all = bronzeColumns
        return (all.prefix(columns.count) + all.filter { $0.name == BronzeColumn.rescuedData })
            .flatMap(\.leaves)
            .filter { $0.field.type.isText && $0.field.masking == nil && !$0.isClassified }
    }

    /// The same contract with masking for the fields at `places`.
    public func masking(_ places: [String], by masking: Masking) -> Contract {
        var contract = self
        for place in places { contract.detectedMaskings[place] = masking }
        return contract
    }
}
