/// Why a table, or a file of it, cannot be read or changed.
public enum IcebergError: Error, Sendable, Hashable, CustomStringConvertible {
    /// Bytes that are no Avro file of the shape that the table format asks for.
    case avro(reason: String, byte: Int)
    /// A metadata document, or a manifest, that breaks the specification.
    case metadata(place: String, reason: String)
    /// Something that the specification allows and this version does not read.
    case unsupported(String)

    public var description: String {
        switch self {
        case .avro(let reason, let byte): "not a right Avro file: \(reason), at byte \(byte)"
        case .metadata(let place, let reason): "the table's metadata is wrong: \(place): \(reason)"
        case .unsupported(let what): "\(what) is not supported"
        }
    }
}
