/// Why a Parquet file could not be written. Both cases are mistakes of the caller: writing does no I/O.
public enum ParquetError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The schema asks for what the format forbids or this writer does not write.
    case schema(column: String, reason: String)
    /// A batch does not fit the schema or contradicts itself; nothing of it was written.
    case batch(column: String, reason: String)

    public var description: String {
        switch self {
        case .schema(let column, let reason): "Parquet schema, column \(column): \(reason)"
        case .batch(let column, let reason): "Parquet batch, column \(column): \(reason)"
        }
    }
}
