internal import Contracts
public import Publication

/// The published contracts: which one of each table is in force.
public typealias ContractIndex = PublishedIndex<PublishedContract>

/// Contracts, by their tables.
public enum PublishedContract: PublishedKind {
    public static let member = "contracts"

    public static func isName(_ name: String) -> Bool { Contract.isTableName(name) }

    public static func unreadable(place: String, reason: String) -> PublishedContractError {
        .unreadable(place: place, reason: reason)
    }
}
