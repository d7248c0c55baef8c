internal import JSON

/// What AWS DMS says about a table itself, in a record of the type `control`: that it was created, renamed or dropped, or that
/// its columns have changed. The checked parts of its envelope, as slices of its text.
///
/// - SeeAlso: <https://docs.aws.amazon.com/dms/latest/userguide/CHAP_Target.Kinesis.html>
struct DefinitionRecord {
    /// Where these records are kept, in the place of a table. No table has this name: it would begin with a letter.
    static let folder = Array("_control".utf8)

    let operation: JSONString
    /// Scalars, as written.
    let schema: ByteSlice?
    let table: ByteSlice?
    let timestamp: ByteSlice?
    /// The definition of the table, or what has changed.
    let definition: ChangeRecord.Compound?

    /// What the log says of it.
    var logged: JSONObject {
        [
            "operation": .string(String(operation.string.prefix(80))),
            "schema": .string(schema.map { String($0.string.prefix(80)) } ?? ""),
            "table": .string(table.map { String($0.string.prefix(80)) } ?? ""),
        ]
    }

    /// Writes the record as one line of JSON.
    /// - Parameter place: of the record in its Kinesis stream; nil if it is from none.
    func write(at place: StreamPlace?, to line: inout ByteWriter) {
        line.append("{\"operation\":\"")
        line.append(operation.written)
        line.append("\",\"schema_name\":")
        line.append(schema, orElse: "null")
        line.append(",\"table_name\":")
        line.append(table, orElse: "null")
        line.append(",\"control\":")
        if let definition { line.append(definition) } else { line.append("null") }
        line.append(",\"_cdc_timestamp\":")
        line.append(timestamp, orElse: "null")
        line.appendSequence(of: place)
        line.append("}\n")
    }
}

/// What a record of the stream is about.
enum StreamRecord {
    case change(ChangeRecord)
    case definition(DefinitionRecord)

    /// The folder under `raw/` where its line belongs.
    var folder: [UInt8] {
        switch self {
        case .change(let change): change.table
        case .definition: DefinitionRecord.folder
        }
    }
}
