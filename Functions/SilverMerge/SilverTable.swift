internal import Columns
internal import Contracts
internal import Iceberg
internal import JSON
internal import Parquet
internal import Time

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
        if let obstacle = contract.silverObstacle { throw .contract("table \(contract.table): \(obstacle)") }
        name = contract.table
        var columns: [SilverColumn] = []
        for column in contract.columns { columns.append(try SilverColumn(column)) }
        self.columns = columns
        keyPlaces = contract.primaryKey.compactMap { name in columns.firstIndex { $0.name == name } }
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
        KeyColumns(keyPlaces.map { (columns[$0], self.columns[$0].isDecimal) })
    }
}

extension SilverColumn {
    var isDecimal: Bool { if case .decimal = type { true } else { false } }

    /// A key's value in JSON as bronze has it; nil if it is none of the type.
    func bronzeKey(_ value: JSON) -> ColumnArray? {
        let text = value.string ?? value.number?.text
        switch type {
        case .int: return (text.flatMap { Int32($0) }).map { ColumnArray(.int32([$0])) }
        case .long where conversion == .unsigned:
            return (text.flatMap { UInt32($0) }).map { ColumnArray(.int32([Int32(bitPattern: $0)])) }
        case .long: return (text.flatMap { Int64($0) }).map { ColumnArray(.int64([$0])) }
        case .boolean: return value.bool.map { ColumnArray(.boolean([$0 ? 1 : 0])) }
        case .string: return value.string.map { ColumnArray(.byteArray(ByteArrays(of: $0.utf8))) }
        case .date:
            guard let time = text.flatMap({ Timestamp(rfc3339: "\($0)T00:00:00Z") }) else { return nil }
            return ColumnArray(.int32([Int32(time.seconds / 86_400)]))
        case .uuid:
            let digits = (text ?? "").filter { $0 != "-" }
            let bytes = stride(from: 0, to: digits.utf8.count, by: 2).compactMap {
                UInt8(digits.dropFirst($0).prefix(2), radix: 16)
            }
            return bytes.count == 16 && digits.utf8.count == 32
                ? ColumnArray(.fixedLengthByteArray(bytes, length: 16)) : nil
        default: return nil
        }
    }

    var physicalType: PhysicalType { parquet(fieldID: 0).physicalType }

    /// As bronze has the column.
    var bronzePhysicalType: PhysicalType {
        switch conversion {
        case .unsigned, .timeOfDay: .int32
        case .none, .microseconds: physicalType
        }
    }

    /// No values of the column.
    var empty: ColumnValues { .empty(physicalType) }

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

extension ByteArrays {
    /// One value.
    fileprivate init(of value: some Collection<UInt8>) {
        self.init()
        append(value)
    }
}
