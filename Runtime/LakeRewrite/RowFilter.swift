public import Columns
public import Iceberg
internal import Lake
internal import Parquet
public import ParquetRead

/// Rows that leave a table: those for which all conditions hold.
public struct RowFilter: Sendable {
    /// The value of a column is between two bounds, both included. A null never is.
    public struct Condition: Sendable {
        let fieldID: Int32
        let type: IcebergType
        let lower: IcebergValue?
        let upper: IcebergValue?

        public init(fieldID: Int32, type: IcebergType, lower: IcebergValue?, upper: IcebergValue?) {
            self.fieldID = fieldID
            self.type = type
            self.lower = lower
            self.upper = upper
        }

        func holds(_ value: IcebergValue) -> Bool {
            if let lower, value < lower { return false }
            if let upper, upper < value { return false }
            return true
        }

        /// False only if it holds for no value between two bounds, which may be cut where they are texts.
        fileprivate func mayHold(_ least: [UInt8]?, _ greatest: [UInt8]?) -> Bool {
            if let upper, let least = least.flatMap({ IcebergValue(serialized: $0, as: type) }), upper < least {
                return false
            }
            guard let lower, let greatest else { return true }
            switch type {
            case .string, .binary:
                return !greatest.lexicographicallyPrecedes(lower.serialized.prefix(greatest.count))
            default: return IcebergValue(serialized: greatest, as: type).map { !($0 < lower) } ?? true
            }
        }
    }

    public let conditions: [Condition]

    public init(conditions: [Condition]) { self.conditions = conditions }

    /// False only if no row of the file leaves.
    public func mayDrop(from file: DataFile) -> Bool {
        conditions.allSatisfy { condition in
            let id = condition.fieldID
            if let nulls = file.nullCounts[id], nulls == file.recordCount { return false }
            return condition.mayHold(file.lowerBounds[id], file.upperBounds[id])
        }
    }

    /// False only if no row of the row group leaves.
    public func mayDrop(fromGroup group: Int, of file: ParquetFile) -> Bool {
        conditions.allSatisfy { condition in
            // A file that lacks the column has nulls in it.
            guard let column = file.metadata.column(fieldID: condition.fieldID) else { return false }
            let chunk = file.metadata.rowGroups[group].chunks[column.index]
            if chunk.statistics.nullCount == chunk.valueCount { return false }
            let bounds = [chunk.statistics.minimum, chunk.statistics.maximum].map { bound in
                bound.flatMap { IcebergValue(parquet: $0, column.physicalType, condition.type)?.serialized }
            }
            return condition.mayHold(bounds[0], bounds[1])
        }
    }

    /// The rows that stay.
    /// - Parameter column: gives the rows of a column by its field's id.
    public func staying(of rowCount: Int, _ column: (Int32) -> ColumnRows?) -> [Range<Int>] {
        var staying: [Range<Int>] = []
        var first = 0
        let columns = conditions.map { column($0.fieldID) }
        for row in 0..<rowCount {
            let leaves = zip(conditions, columns).allSatisfy { condition, rows in
                rows.flatMap { IcebergValue($0, row, condition.type) }.map(condition.holds) ?? false
            }
            guard leaves else { continue }
            if first < row { staying.append(first..<row) }
            first = row + 1
        }
        if first < rowCount { staying.append(first..<rowCount) }
        return staying
    }
}
