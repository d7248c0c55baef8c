/// Why a Parquet file could not be read. Errors of a ``RangeSource`` are thrown as they are.
public enum ParquetReadError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The file contradicts the format or itself. Write it again.
    case outOfSpec(String)
    /// The file is right, as far as it was read, but this reader does not know what it uses.
    case notSupported(String)
    /// Reading the file as asked needs more memory than the caller allows.
    case tooLarge(String)
    /// The caller asked for what the file does not have.
    case misuse(String)
    case io(String)

    public var description: String {
        switch self {
        case .outOfSpec(let reason): "Parquet file is broken: \(reason)"
        case .notSupported(let reason): "Parquet file uses what is not supported: \(reason)"
        case .tooLarge(let reason): "Parquet file is too large: \(reason)"
        case .misuse(let reason): "Parquet file: \(reason)"
        case .io(let reason): reason
        }
    }

    /// The same error with the place where it was found.
    func at(_ place: @autoclosure () -> String) -> ParquetReadError {
        switch self {
        case .outOfSpec(let reason): .outOfSpec("\(place()): \(reason)")
        case .notSupported(let reason): .notSupported("\(place()): \(reason)")
        case .tooLarge(let reason): .tooLarge("\(place()): \(reason)")
        case .misuse, .io: self
        }
    }
}
