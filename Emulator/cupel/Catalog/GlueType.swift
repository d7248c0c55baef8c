internal import Contracts

extension ColumnType {
    /// The type's name in a Hive catalog, as AWS Glue keeps it and Athena reads it.
    ///
    /// A type that Hive lacks has the name of its stored form: times and unsigned integers are integers that hold them,
    /// UUIDs are bytes, and JSON is text. `cupel catalog` refuses unsigned 64-bit integers, which no type holds.
    /// - SeeAlso: <https://docs.aws.amazon.com/athena/latest/ug/data-types.html>
    var glueName: String {
        switch self {
        case .boolean: "boolean"
        case .int8: "tinyint"
        case .int16, .uint8: "smallint"
        case .int32, .uint16, .time(.milliseconds, _): "int"
        case .int64, .uint32, .uint64, .time(.microseconds, _): "bigint"
        case .float: "float"
        case .double: "double"
        case .string, .json: "string"
        case .uuid: "binary"
        case .date: "date"
        case .timestamp: "timestamp"
        case .decimal(let precision, let scale): "decimal(\(precision),\(scale))"
        case .structure(let fields): "struct<\(fields.map { "\($0.name):\($0.type.glueName)" }.joined(separator: ","))>"
        case .list(let element): "array<\(element.type.glueName)>"
        }
    }
}
