public import Columns

extension ColumnRows {
    /// The rows that may differ from those before them in any of these columns: all, where a column has nulls or values that are no
    /// whole numbers.
    public static func beginnings(of columns: [ColumnRows], rowCount: Int) -> [Int] {
        var differs = [Bool](repeating: false, count: rowCount)
        if rowCount > 0 { differs[0] = true }
        for column in columns {
            switch column.array.values {
            case .int32(let values) where values.count == rowCount:
                for row in values.indices.dropFirst() where values[row] != values[row - 1] { differs[row] = true }
            case .int64(let values) where values.count == rowCount:
                for row in values.indices.dropFirst() where values[row] != values[row - 1] { differs[row] = true }
            default: return Array(0..<rowCount)
            }
        }
        return differs.indices.filter { differs[$0] }
    }
}
