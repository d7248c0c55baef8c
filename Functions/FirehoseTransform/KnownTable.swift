internal import Contracts

/// A table with a contract, as the bytes that envelopes are compared with.
struct KnownTable {
    let name: [UInt8]
    /// The source's schemas from which the table takes changes; empty if it takes them from any.
    private let schemas: [[UInt8]]

    init(_ source: TableSource) {
        name = Array(source.table.utf8)
        schemas = source.schemas.map { Array($0.utf8) }
    }

    /// The schema that a line of the table names, in the contract's spelling; nil if the table's name says enough.
    /// - Parameter written: the schema in the envelope; nil if it is no text.
    func schema(_ written: JSONString?) throws(RecordFault) -> [UInt8]? {
        guard !schemas.isEmpty else { return nil }
        guard let written else { throw .missing("metadata.schema-name") }
        guard let schema = schemas.first(where: { written.says($0) }) else {
            throw .foreignSchema(
                written.string, table: String(decoding: name, as: UTF8.self),
                expected: schemas.map { String(decoding: $0, as: UTF8.self) })
        }
        return schemas.count > 1 ? schema : nil
    }
}
