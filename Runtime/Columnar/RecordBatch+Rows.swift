internal import Columns
internal import Contracts

extension RecordBatch {
    /// A copy without some rows.
    /// - Parameter gone: their numbers, ascending.
    func without(_ gone: [Int]) -> RecordBatch {
        var staying: [Range<Int>] = []
        var first = 0
        for row in gone {
            if first < row { staying.append(first..<row) }
            first = row + 1
        }
        if first < rowCount { staying.append(first..<rowCount) }
        var left = self
        left.rowCount = staying.reduce(0) { $0 + $1.count }
        for place in columns.indices { left.columns[place].keep(staying, of: rowCount) }
        return left
    }
}

extension RecordBatch.Column {
    fileprivate mutating func keep(_ staying: [Range<Int>], of rowCount: Int) {
        let definitions = schema.type.isNested ? NestedNode(schema).leafDefinitions : [0]
        for (place, definition) in zip(leaves.indices, definitions) {
            let rows = ColumnRows(leaves[place], rowCount: rowCount, maximumDefinition: definition)
            leaves[place].removeAll()
            var done = 0
            for range in staying {
                leaves[place].append(rows, range, after: done)
                done += range.count
            }
        }
    }
}
