internal import Parquet

/// Which values of a column are looked for. Nulls and NaN are not.
public struct ValueFilter: Sendable {
    private let ranges: Ranges

    private enum Ranges {
        case one(OrderedValue?, OrderedValue?)
        case values([OrderedValue])
    }

    /// Values from `lower` to `upper`, both included; nil for no limit.
    public init(from lower: OrderedValue?, to upper: OrderedValue?) { ranges = .one(lower, upper) }

    public init(anyOf values: some Sequence<OrderedValue>) { ranges = .values(values.sorted()) }

    /// Whether one of the values may be between these bounds. A bound that is not known is nil.
    public func mayMatch(_ lower: OrderedValue?, _ upper: OrderedValue?) -> Bool {
        switch ranges {
        case .one(let from, let to):
            if let from, let upper, upper < from { return false }
            if let to, let lower, to < lower { return false }
            return true
        case .values(let values):
            // The first that is not below the lower bound must not be above the upper one.
            let first = lower.map { lower in values.partitioningIndex { !($0 < lower) } } ?? 0
            guard first < values.count else { return false }
            return upper.map { !($0 < values[first]) } ?? true
        }
    }
}

extension ParquetFile {
    /// Whether a row group may have values that `filter` looks for in `column`, as its statistics have it.
    public func mayMatch(_ filter: ValueFilter, column: Int, inGroup group: Int) -> Bool {
        let chunk = metadata.rowGroups[group].chunks[column]
        if chunk.valueCount > 0, chunk.statistics.nullCount == chunk.valueCount { return false }
        let bounds = metadata.columns[column].bounds(chunk)
        return filter.mayMatch(bounds.lower, bounds.upper)
    }

    /// The rows of a row group that may have values that `filter` looks for in `column`, as statistics and page index have it: whole
    /// pages, in order, as few ranges as there can be.
    public func rows(matching filter: ValueFilter, column: Int, inGroup group: Int) throws -> [Range<Int>] {
        let rowCount = metadata.rowGroups[group].rowCount
        guard rowCount > 0, mayMatch(filter, column: column, inGroup: group) else { return [] }
        guard let bounds = try columnIndex(of: column, inGroup: group),
            let offsets = try offsetIndexes(of: [column], inGroup: group)[0], offsets.pages.count == bounds.isNull.count
        else { return [0..<rowCount] }
        let leaf = metadata.columns[column]
        var rows: [Range<Int>] = []
        for (number, page) in offsets.pages.enumerated() where !bounds.isNull[number] {
            let lower = leaf.orderedValue(bounds.minimum[number])
            guard filter.mayMatch(lower, leaf.orderedValue(bounds.maximum[number])) else { continue }
            let end = number + 1 < offsets.pages.count ? offsets.pages[number + 1].firstRow : rowCount
            if let last = rows.last, last.upperBound == page.firstRow {
                rows[rows.count - 1] = last.lowerBound..<end
            } else if page.firstRow < end {
                rows.append(page.firstRow..<end)
            }
        }
        return rows
    }
}
