/// One difference between two versions of a contract.
public struct ContractChange: Sendable, Hashable {
    public enum Kind: String, Sendable, Hashable, CaseIterable {
        case table
        case columnAdded = "column_added"
        case columnDropped = "column_dropped"
        case columnRenamed = "column_renamed"
        case columnMoved = "column_moved"
        case fieldID = "field_id"
        case type
        case required
        case masking
        case classification
        case primaryKey = "primary_key"
        case partitioning
        case silverMode = "silver_mode"
        case source
        case rules
        case tolerance
        case description
    }

    public let kind: Kind
    /// The column, or the path to a field inside it, such as `address.city` or `tags[]`; nil for the table.
    public let column: String?
    /// Whether readers can read files from before and after the change as one table.
    public let isCompatible: Bool
    /// The part of the version to increment.
    public let step: SemanticVersion.Step
    /// The change and its consequence.
    public let message: String

    init(_ kind: Kind, _ column: String? = nil, breaks message: String) {
        (self.kind, self.column, isCompatible, step, self.message) = (kind, column, false, .major, message)
    }

    init(_ kind: Kind, _ column: String? = nil, step: SemanticVersion.Step, _ message: String) {
        (self.kind, self.column, isCompatible, self.step, self.message) = (kind, column, true, step, message)
    }
}
