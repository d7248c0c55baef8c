internal import Columns
internal import Contracts
internal import Iceberg
internal import JSON
internal import Lake
internal import Parquet
internal import Time

/// A silver table as its contract describes it, with the columns that it has besides.
struct SilverTable: Sendable, Hashable {
    let name: String
    /// The columns of single values: those of the contract, in its order; then those that the contract has no more, or that another engine added. They stay, and
    /// files of older contracts still fill them, so that the rows do not depend on when a file is merged.
    let columns: [SilverColumn]
    /// The places of the primary key's columns, in its order.
    let keyPlaces: [Int]
    /// The same in the order of the columns' names, as ``ErasedKeys`` has keys.
    let erasureKeyPlaces: [Int]
    /// Outermost first; none for a table that is not parted.
    let partitions: [Partition]
    let mode: SilverLayout.Mode
    /// Whether the contract promises that a key's rows never move to another partition.
    let isPartitionImmutable: Bool
    /// Keys whose changes are left out: their rows were erased.
    let erased: ErasedKeys

    /// The namespace of all silver tables.
    static let namespace = "dm_silver"

    /// - Parameter stored: the table as it is; nil if there is none yet.
    init(_ contract: Contract, _ stored: TableMetadata? = nil) throws(SilverError) {
        if let obstacle = contract.silverObstacle { throw .contract("table \(contract.table): \(obstacle)") }
        name = contract.table
        mode = contract.silverLayout.mode
        if let stored { try mode.check(against: stored, of: contract.table) }
        let keepsAll = mode == .append
        do throws(LakeError) {
            erased = try ErasedKeys(of: stored?.properties ?? [:])
        } catch { throw .table("table \(contract.table): \(error)") }
        let system = SilverColumn.system(of: mode)
        var columns: [SilverColumn] = []
        for column in contract.columns { columns += try SilverColumn(column, isKey: keepsAll ? false : nil).leaves }
        for column in contract.silverLayout.derived {
            guard let source = columns.first(where: { $0.name == column.source }) else { continue }
            let derivation = Derivation(column, of: source.type)
            columns.append(
                SilverColumn(
                    name: column.name, type: derivation.type, derivation: derivation,
                    documentation: "The \(column.part) of \(column.source), in UTC."))
        }
        if keepsAll { columns += SilverColumn.record }
        let own = columns
        if let stored {
            let fields = TableFields(stored)
            let known = Set((own + system).compactMap { fields.field(of: $0, among: own)?.id })
            for field in stored.currentSchema.fields where !known.contains(field.id) {
                guard SilverColumn.keeps(field.type) else {
                    throw .table(
                        "table \(name): its column \(field.name) is \(field.type), which silver cannot write again")
                }
                columns +=
                    SilverColumn(name: field.name, type: field.type, contractID: fields.contractID(of: field)).leaves
            }
        }
        self.columns = columns
        let key = keepsAll ? [Contract.recordID] : contract.primaryKey
        keyPlaces = key.compactMap { name in columns.firstIndex { $0.name == name } }
        erasureKeyPlaces = key.sorted().compactMap { name in columns.firstIndex { $0.name == name } }
        partitions = contract.silverLayout.partitions.compactMap { partition in
            guard let place = columns.firstIndex(where: { $0.name == partition.column }) else { return nil }
            return PartitionTransform(partition.transform).map { Partition(column: place, transform: $0) }
        }
        isPartitionImmutable = contract.silverLayout.isPartitionImmutable
    }

    /// A field of the table's partitions.
    struct Partition: Sendable, Hashable {
        /// The place of its column.
        let column: Int
        let transform: PartitionTransform
    }

    /// The place of the column that names each record; nil where keys name rows.
    var recordPlace: Int? { mode == .append ? keyPlaces.first : nil }

    /// What the catalog's table says of itself.
    var properties: [String: String] { [SilverLayout.Mode.property: mode.rawValue] }

    /// The columns that silver adds.
    var system: [SilverColumn] { SilverColumn.system(of: mode) }

    var allColumns: [SilverColumn] { columns + system }

    /// One column for each field.
    var fields: [SilverColumn] { allColumns.filter(\.isFirst) }

    var isNested: Bool { columns.contains { $0.leaf != nil } }

    /// The schema that the table is created with.
    var schema: IcebergSchema {
        var last = Int32(fields.count)
        let fields = fields.enumerated().map { place, column in
            IcebergField(
                id: Int32(place + 1), name: column.name, isRequired: column.isKey,
                type: column.fieldType.numbered(after: &last), documentation: column.documentation)
        }
        let names = keyPlaces.map { columns[$0].name } + system.filter(\.isKey).map(\.name)
        let identifiers = names.compactMap { name in fields.first { $0.name == name }?.id }
        return IcebergSchema(id: 0, fields: fields, identifierIDs: identifiers)
    }

    /// The partition spec that the table is created with.
    var spec: PartitionSpec {
        let schema = schema
        return PartitionSpec(
            id: 0,
            fields: partitions.enumerated().map { number, partition in
                PartitionSpec.Field(
                    sourceID: schema.field(named: columns[partition.column].name)?.id ?? 0,
                    fieldID: PartitionSpec.firstFieldID + Int32(number),
                    name: partition.transform.fieldName(of: columns[partition.column].name),
                    transform: partition.transform)
            })
    }

    /// - Throws: ``SilverError/contract(_:)`` if the table is parted in another way: its files cannot follow.
    func checkPartitions(_ metadata: TableMetadata, _ schema: IcebergSchema) throws(SilverError) {
        func text(_ fields: [(transform: PartitionTransform, column: String)]) -> String {
            fields.isEmpty
                ? "not parted" : "parted by " + fields.map { "\($0.transform) of \($0.column)" }.joined(separator: ", ")
        }
        let wanted = text(partitions.map { ($0.transform, columns[$0.column].name) })
        let stored = text(
            metadata.defaultSpec.fields.map { ($0.transform, schema.field($0.sourceID)?.name ?? "a dropped column") })
        guard wanted == stored else {
            throw .contract(
                "table \(name) is \(stored), and by its contract \(wanted): files that are there keep their partitions, so "
                    + "give the table another name, or replay its files into a new one")
        }
    }

    /// The schema of the table's data files.
    func parquet(_ schema: IcebergSchema) throws -> ParquetSchema {
        return try ParquetSchema(
            fields.map { column in
                guard let field = schema.field(named: column.name),
                    let made = field.type.parquet(named: field.name, field.id, isRequired: field.isRequired)
                else {
                    throw SilverError.table("table \(name) has no column \(column.name)")
                }
                return made
            })
    }

    func key(of columns: [ColumnRows]) -> KeyColumns {
        KeyColumns(keyPlaces.map { (columns[$0], self.columns[$0].isDecimal) })
    }
}

extension SilverLayout.Mode {
    /// The property of the table that has it; tables without it are of the current state of each key.
    static let property = "cupel.silver-mode"

    /// - Throws: ``SilverError/contract(_:)`` if the table is of another mode: its rows cannot follow.
    fileprivate func check(against stored: TableMetadata, of table: String) throws(SilverError) {
        let former = stored.properties[Self.property] ?? Self.upsert.rawValue
        guard former != rawValue else { return }
        throw .contract(
            "table \(table) is kept in the mode \(former), and by its contract in \(rawValue): its rows cannot become the other's, so "
                + "give the table another name, or drop it and make it anew: cupel reload")
    }
}

extension SilverColumn {
    var isDecimal: Bool { if case .decimal = type { true } else { false } }

    /// A key's value that bronze has as JSON; nil if it is none of the type.
    func key(_ value: JSON) -> ColumnArray? {
        let text = value.string ?? value.number?.text
        switch type {
        case .int: return (text.flatMap { Int32($0) }).map { ColumnArray(.int32([$0])) }
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
        case .timestamp, .timestamptz:
            // The zone is left out where there is none.
            let time = text.flatMap { Timestamp(rfc3339: $0) ?? Timestamp(rfc3339: "\($0)Z") }
            return time.map { ColumnArray(.int64([$0.seconds * 1_000_000 + Int64($0.nanoseconds) / 1000])) }
        case .decimal(let precision, let scale):
            guard let number = text.flatMap({ Int128(decimal: $0, scale: scale) }) else { return nil }
            let bytes = withUnsafeBytes(of: number.bigEndian) { Array($0) }
            let array = ColumnArray(.fixedLengthByteArray(bytes, length: 16))
            return ValueConversion.decimal(IcebergType.physicalType(ofDecimal: precision))(array)
        default: return nil
        }
    }

    /// No rows of the column.
    var empty: ColumnArray {
        leaf == nil ? ColumnArray(.empty(physicalType)) : ColumnArray(.empty(physicalType), levels: NestedLevels())
    }

    func rows(_ array: ColumnArray, _ count: Int) -> ColumnRows {
        ColumnRows(array, rowCount: count, maximumDefinition: leaf?.maximumDefinition ?? 0)
    }
}

extension Int128 {
    /// Reads `-12.5` as the number without its point that a scale asks for; nil if it has more digits behind the point.
    fileprivate init?(decimal text: String, scale: Int) {
        let parts = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        let fraction = parts.count > 1 ? parts[1] : ""
        guard fraction.utf8.count <= scale, fraction.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        self.init(String(parts[0] + fraction) + String(repeating: "0", count: scale - fraction.utf8.count))
    }
}

extension ByteArrays {
    /// One value.
    fileprivate init(of value: some Collection<UInt8>) {
        self.init()
        append(value)
    }
}
