/// Why a record is answered `ProcessingFailed`. Firehose then keeps it unchanged under the error prefix.
enum RecordFault: Error, Equatable, CustomStringConvertible {
    case notBase64
    case notJSON(JSONScanner.Fault)
    case repeatedMember(String)
    case missing(String)
    case notScalar(String)
    case wrongKind(String, isArray: Bool)
    case notATime(String, String)
    case notAnIndex(String, String)
    case unknownRecordType(String)
    case unknownOperation(String)
    case unknownTable(String)
    case foreignSchema(String, table: String, expected: [String])
    case reservedField(String)
    case responseFull(limitInBytes: Int)

    var description: String {
        switch self {
        case .notBase64: "the record's data is not base64"
        case .notJSON(let fault): "the envelope is not a JSON object: \(fault)"
        case .repeatedMember(let name): "the envelope has \(name) more than once; send it once"
        case .missing(let part): "the envelope has no \(part) of the type that AWS DMS writes"
        case .notScalar(let part): "the envelope's \(part) is an object or an array"
        case .wrongKind(let part, let isArray): "the envelope's \(part) is not an \(isArray ? "array" : "object")"
        case .notATime(let part, let text):
            "the envelope's \(part) is \(text.prefix(80)); expected a time since 1970 such as \"2026-01-02T03:04:05.678901Z\""
        case .notAnIndex(let part, let text):
            "the envelope's \(part) is \(text.prefix(80)); expected a number of 10 digits at most"
        case .unknownRecordType(let type): "the record-type \"\(type.prefix(80))\" is neither data nor control"
        case .unknownOperation(let operation):
            "the operation \"\(operation.prefix(80))\" is none of load, insert, update, delete, truncate"
        case .unknownTable(let table):
            "no contract describes the table \"\(table.prefix(80))\"; add one, publish it (cupel contract publish), and send the record again"
        case .foreignSchema(let schema, let table, let expected):
            "the table \"\(table)\" takes changes of the schema \(expected.map { "\"\($0)\"" }.joined(separator: ", ")), not of "
                + "\"\(schema.prefix(80))\"; list it in the contract's sourceSchema, or stop capturing the other table"
        case .reservedField(let field):
            "the row has a field \"\(field)\", a name that the flat line uses for itself; rename it at the source"
        case .responseFull(let limit):
            "the answer would exceed Lambda's \(limit) bytes; lower the buffer size of the delivery stream"
        }
    }
}
