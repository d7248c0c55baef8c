public import Parquet

/// A field of a file's schema, as the file has it: any tree of groups and columns.
public struct FileField: Sendable, Equatable {
    public enum Repetition: Int32, Sendable {
        case required = 0
        case optional = 1
        case repeated = 2
    }

    public enum Content: Sendable, Equatable {
        /// The place of the column among ``ParquetMetadata/columns``.
        case column(Int)
        case group([FileField])
    }

    public let name: String
    public let fieldID: Int32?
    public let repetition: Repetition
    public let meaning: FieldMeaning?
    public let content: Content

    public var children: [FileField] { if case .group(let fields) = content { fields } else { [] } }
}

/// A column of single values of a file: a leaf of its schema.
public struct FileColumn: Sendable, Equatable {
    /// The place among the file's columns, depth first.
    public let index: Int
    /// From the root. A name may have dots, so do not split ``name``.
    public let path: [String]
    public let fieldID: Int32?
    /// INT96 is `fixedLengthByteArray(length: 12)`.
    public let physicalType: PhysicalType
    /// Whether the file says INT96: nanoseconds of the day (8 bytes) and Julian day (4), least significant byte first.
    public let isInt96: Bool
    public let meaning: FieldMeaning?
    /// The definition level of a value: how many optional and repeated fields lead to it, itself included.
    public let maximumDefinition: UInt8
    /// How many repeated fields lead to it.
    public let maximumRepetition: UInt8

    /// Whether the column is in the table itself, so that it is read with presence bits. Others have levels.
    public var isFlat: Bool { path.count == 1 && maximumRepetition == 0 }
    public var isRequired: Bool { maximumDefinition == 0 }
    /// For people: the path with dots.
    public var name: String { path.joined(separator: ".") }
    public var logicalType: LogicalType? { if case .value(let type) = meaning { type } else { nil } }
}
