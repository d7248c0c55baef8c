/// A table of the source, as its catalog describes it now.
struct SourceTable: Sendable, Hashable {
    let schema: String
    let name: String
    let isPartitioned: Bool
    /// Why its changes cannot be captured, and how they could; nil if they can.
    let obstacle: String?
    let generatedColumns: [String]

    var id: String { "\(schema).\(name)" }
}
