internal import YAML

/// What happens to digits of a time or timestamp beyond its unit: the custom property `excessFraction`.
private enum ExcessFraction: String, CaseIterable {
    case reject
    case truncate
}

extension ContractKey {
    /// Whether digits beyond the unit are cut off. Without the property, such a value breaks the contract.
    func truncatesFraction(of type: ColumnType) throws(ContractError) -> Bool {
        guard let property = try customProperty("excessFraction") else { return false }
        let word = try property.string(oneOf: ExcessFraction.allCases.map(\.rawValue))
        switch type {
        case .time, .timestamp: return ExcessFraction(rawValue: word) == .truncate
        default: throw property.fault("'excessFraction' is for times and timestamps; this column is \(type)")
        }
    }
}
