/// A table of the source, as its catalog describes it now.
struct SourceTable: Sendable, Hashable {
    let schema: String
    let name: String
    /// Its object identifier. A table that is dropped and made again has another one.
    let oid: UInt32
    let isPartitioned: Bool
    /// Why its changes cannot be captured, and how they could; nil if they can.
    let obstacle: String?
    let generatedColumns: [String]

    var id: String { "\(schema).\(name)" }
}
