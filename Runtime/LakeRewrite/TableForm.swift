internal import Columns
public import Iceberg
internal import Lake
internal import Parquet
internal import ParquetRead

/// What the new files of a table are like.
public struct TableForm: Sendable {
    public let schema: IcebergSchema
    let parquet: ParquetSchema
    public let leaves: [Leaf]
    /// The places of the leaves by which rows are sorted: the table's key. Empty where it has none, or one that has no order here.
    public let sortPlaces: [Int]

    /// A column of single values.
    public struct Leaf: Sendable {
        public let fieldID: Int32
        let physicalType: PhysicalType
        let isNested: Bool
        /// The definition level of a value inside structs and lists.
        let maximumDefinition: UInt8

        /// No rows of it.
        var empty: ColumnArray {
            isNested
                ? ColumnArray(.empty(physicalType), levels: NestedLevels()) : ColumnArray(.empty(physicalType))
        }

        func rows(_ array: ColumnArray, _ count: Int) -> ColumnRows {
            ColumnRows(array, rowCount: count, maximumDefinition: isNested ? maximumDefinition : 0)
        }
    }

    /// - Returns: nil for a table whose rows are not written: one with a map.
    public init?(_ schema: IcebergSchema) throws {
        guard let parquet = try schema.parquet() else { return nil }
        self.schema = schema
        self.parquet = parquet
        leaves = parquet.fields.flatMap { Self.leaves(of: $0, isNested: false, 0) }
        let leaves = leaves
        let places = schema.identifierIDs.compactMap { id in leaves.firstIndex { $0.fieldID == id } }
        sortPlaces = places.count == schema.identifierIDs.count ? places : []
    }

    private static func leaves(of field: ParquetField, isNested: Bool, _ definition: UInt8) -> [Leaf] {
        switch field {
        case .column(let column):
            [
                Leaf(
                    fieldID: column.fieldID ?? 0, physicalType: column.physicalType, isNested: isNested,
                    maximumDefinition: definition + (column.isRequired ? 0 : 1))
            ]
        case .structure(_, let isRequired, _, let fields):
            fields.flatMap { leaves(of: $0, isNested: true, definition + (isRequired ? 0 : 1)) }
        case .list(_, let isRequired, _, let element):
            leaves(of: element, isNested: true, definition + (isRequired ? 1 : 2))
        }
    }

    /// The places of the leaves in a file; nil for one that the file lacks.
    func places(in file: ParquetFile) -> [Int?] {
        leaves.map { file.metadata.column(fieldID: $0.fieldID)?.index }
    }

    /// Whether row groups of a file fit new files as they are. Others need their values converted: a merge does so when it writes
    /// them again.
    func fits(_ file: ParquetFile) -> Bool { file.matches(parquet) || file.isOlder(than: parquet) }
}
