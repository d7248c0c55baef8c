/// One thing that two versions of a contract say differently.
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
        case source
        case rules
        case tolerance
        case description
    }

    public let kind: Kind
    /// The column, or the path to a field inside it, such as `address.city` or `tags[]`; nil for the table.
    public let column: String?
    /// Whether files written before and after the change still read together, as one table with one meaning.
    public let isCompatible: Bool
    /// How much it asks of those who use the table.
    public let step: SemanticVersion.Step
    /// What changed, and what follows.
    public let message: String

    init(_ kind: Kind, _ column: String? = nil, breaks message: String) {
        (self.kind, self.column, isCompatible, step, self.message) = (kind, column, false, .major, message)
    }

    init(_ kind: Kind, _ column: String? = nil, step: SemanticVersion.Step, _ message: String) {
        (self.kind, self.column, isCompatible, self.step, self.message) = (kind, column, true, step, message)
    }
}
