public import Iceberg
public import Parquet
public import ParquetRead

extension DataFile {
    /// What a manifest says of a file, from its footer.
    public init(_ footer: ParquetMetadata, at path: String, sizeInBytes: Int, _ schema: IcebergSchema) throws {
        self.init(path: path, partition: [], recordCount: Int64(footer.rowCount), sizeInBytes: Int64(sizeInBytes))
        splitOffsets = footer.rowGroups.compactMap { $0.chunks.first.map { Int64($0.range.lowerBound) } }
        for column in footer.columns {
            guard let id = column.fieldID, let field = schema.field(id) else { continue }
            let chunks = footer.rowGroups.map { $0.chunks[column.index] }
            columnSizes[id] = chunks.reduce(0) { $0 + Int64($1.compressedSize) }
            valueCounts[id] = chunks.reduce(0) { $0 + Int64($1.valueCount) }
            let nulls = chunks.compactMap(\.statistics.nullCount)
            if nulls.count == chunks.count { nullCounts[id] = Int64(nulls.reduce(0, +)) }
            let bounded = chunks.filter { $0.statistics.nullCount != $0.valueCount }
            let lower = bounded.compactMap {
                $0.statistics.minimum.flatMap { IcebergValue(parquet: $0, column.physicalType, field.type) }
            }
            let upper = bounded.compactMap {
                $0.statistics.maximum.flatMap { IcebergValue(parquet: $0, column.physicalType, field.type) }
            }
            // A chunk without bounds may hold anything.
            guard !bounded.isEmpty, lower.count == bounded.count, upper.count == bounded.count else { continue }
            lowerBounds[id] = lower.min()?.serialized
            upperBounds[id] = upper.max()?.serialized
        }
    }
}

extension IcebergValue {
    /// A bound as Parquet's statistics have it.
    public init?(parquet bytes: [UInt8], _ physicalType: PhysicalType, _ type: IcebergType) {
        guard case .decimal = type else {
            self.init(serialized: bytes, as: type)
            return
        }
        switch physicalType {
        case .int32, .int64:
            // Parquet's integers begin with the least byte, Iceberg's decimals with the weightiest.
            self.init(serialized: bytes.reversed(), as: type)
        default: self.init(serialized: bytes, as: type)
        }
    }
}
