internal import Columns
internal import Contracts
internal import Iceberg
internal import Parquet

/// A silver table as its contract describes it.
struct SilverTable: Sendable {
    let name: String
    /// Of the contract, in its order.
    let columns: [SilverColumn]
    /// The places of the primary key's columns, in its order.
    let keyPlaces: [Int]

    /// The namespace of all silver tables.
    static let namespace = "dm_silver"

    init(_ contract: Contract) throws(SilverError) {
        name = contract.table
        var columns: [SilverColumn] = []
        for column in contract.columns {
            guard !SilverColumn.system.contains(where: { $0.name == column.name }) else {
                throw .contract(
                    "table \(contract.table): silver adds a column \(column.name); name the contract's otherwise")
            }
            columns.append(try SilverColumn(column))
        }
        self.columns = columns
        var places: [Int] = []
        for name in contract.primaryKey {
            guard let place = columns.firstIndex(where: { $0.name == name }) else { continue }
            guard columns[place].type != .float, columns[place].type != .double else {
                throw .contract(
                    "table \(contract.table): the key column \(name) is a floating number, which names no row")
            }
            places.append(place)
        }
        guard !places.isEmpty else { throw .contract("table \(contract.table) has no primary key, which silver needs") }
        keyPlaces = places
    }

    var allColumns: [SilverColumn] { columns + SilverColumn.system }

    /// The schema that the table is created with.
    var schema: IcebergSchema {
        let fields = allColumns.enumerated().map { place, column in
            IcebergField(
                id: Int32(place + 1), name: column.name, isRequired: column.isKey, type: column.type,
                documentation: column.documentation)
        }
        return IcebergSchema(id: 0, fields: fields, identifierIDs: keyPlaces.map { fields[$0].id })
    }

    /// The schema of the table's data files.
    /// - Throws: ``SilverError/table(_:)`` if the table is not the contract's.
    func parquet(_ schema: IcebergSchema) throws -> ParquetSchema {
        var fields: [ParquetColumn] = []
        for column in allColumns {
            guard let field = schema.field(named: column.name) else {
                throw SilverError.table("table \(name) has no column \(column.name), which its contract has")
            }
            guard field.type == column.type else {
                throw SilverError.table(
                    "table \(name): its column \(column.name) is \(field.type), and the contract's is \(column.type)")
            }
            var stored = column.parquet(fieldID: field.id)
            stored.isRequired = field.isRequired
            fields.append(stored)
        }
        return try ParquetSchema(fields)
    }

    func key(of columns: [ColumnRows]) -> KeyColumns {
        KeyColumns(
            keyPlaces.map { place in
                if case .decimal = self.columns[place].type { (columns[place], true) } else { (columns[place], false) }
            })
    }
}

extension SilverColumn {
    /// No values of the column, as bronze has them.
    var emptyBronze: ColumnValues {
        switch conversion {
        case .unsigned, .timeOfDay: .int32([])
        case .none, .microseconds: empty
        }
    }

    /// No values of the column.
    var empty: ColumnValues {
        switch parquet(fieldID: 0).physicalType {
        case .boolean: .boolean([])
        case .int32: .int32([])
        case .int64: .int64([])
        case .float: .float([])
        case .double: .double([])
        case .byteArray: .byteArray(ByteArrays())
        case .fixedLengthByteArray(let length): .fixedLengthByteArray([], length: length)
        }
    }

    /// The values as silver has them.
    func converted(_ array: ColumnArray) -> ColumnArray {
        switch (conversion, array.values) {
        case (.unsigned, .int32(let values)):
            ColumnArray(.int64(values.map { Int64(UInt32(bitPattern: $0)) }), presence: array.presence)
        case (.timeOfDay, .int32(let values)):
            ColumnArray(.int64(values.map { Int64($0) * 1000 }), presence: array.presence)
        case (.microseconds, .int64(let values)):
            ColumnArray(.int64(values.map { $0 &* 1000 }), presence: array.presence)
        default: array
        }
    }
}
