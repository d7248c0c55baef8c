internal import Columns
internal import Iceberg
internal import JSON
internal import Lake

/// What the stored versions of some keys and the changes of a batch make together.
struct KeyVersions {
    /// The batch's changes, then the stored versions.
    let changes: Changes
    /// The versions that are new, or are others than they were; by key, and in their order.
    private(set) var written: [RowState] = []
    private(set) var counts = Merge.Counts()
    /// The rows that are written again: by files, and by their row groups.
    private(set) var leaving: [String: [Int: [Int]]] = [:]

    /// - Parameter truncates: all of the table; each ends the versions that came before it.
    init(
        of table: SilverTable, _ batch: Changes, _ stored: StoredVersions, _ truncates: Set<Changes.Truncate>,
        _ schema: IcebergSchema
    ) throws(SilverError) {
        changes = try Self.joined(table, batch, stored, schema)
        let count = batch.operations.count
        let ids = table.columns.map { "\(schema.field(named: $0.name)?.id ?? 0)" }
        let truncates = truncates.sorted { $0.order.lexicographicallyPrecedes($1.order) }
        for key in changes.keys.sorted(where: { _ in true }) {
            let versions = Self.ordered(changes, Int(key), count)
            var carriers = [Int?](repeating: nil, count: table.columns.count)
            for (number, row) in versions.enumerated() {
                let order = Array(changes.order(of: row).text)
                let next = number + 1 < versions.count ? versions[number + 1] : nil
                let isDeleted = changes.operations[row] == .delete
                var state = RowState(
                    base: .change(row), createdAt: changes.times[row], updatedAt: next.map { changes.times[$0] },
                    deletedAt: isDeleted ? changes.times[row] : nil, order: order[...])
                // The first truncate behind it, if that comes before the next version.
                if let truncate = truncates.first(where: { order.lexicographicallyPrecedes($0.order) }),
                    next.map({ truncate.order[...].lexicographicallyPrecedes(changes.order(of: $0).text) }) ?? true
                {
                    state.updatedAt = truncate.time
                }
                var leftOut: Set<String> = []
                var hasNewValue = false
                for (column, described) in table.columns.enumerated() {
                    if changes.carries(row, column, isKey: described.isKey) {
                        carriers[column] = row
                        continue
                    }
                    leftOut.insert(ids[column])
                    state.others[column] = carriers[column].map { .change($0) } ?? RowState.Source.none
                    if let carrier = carriers[column], carrier < count { hasNewValue = true }
                }
                if !leftOut.isEmpty, !isDeleted {
                    let members = leftOut.sorted().map { ($0, JSON.string("")) }
                    state.columnOrders = JSON.object(JSONObject(members)).bytes
                }
                guard row >= count else {
                    if isDeleted { counts.deleted += 1 } else { counts.inserted += 1 }
                    written.append(state)
                    continue
                }
                guard hasNewValue || stored.rows[row - count].updatedAt != state.updatedAt else { continue }
                counts.updated += 1
                written.append(state)
                let place = stored.places[row - count]
                leaving[place.file, default: [:]][place.group, default: []].append(place.row)
            }
        }
    }

    /// A key's versions in their order. A change that comes again is the version that the table has.
    private static func ordered(_ changes: Changes, _ key: Int, _ count: Int) -> [Int] {
        let rows = changes.rows(of: key).map { (row: $0, order: changes.order(of: $0)) }.sorted { $0.order < $1.order }
        var versions: [Int] = []
        var last: ArraySlice<UInt8>?
        for (row, order) in rows {
            if let last, last == order.text { versions.removeLast() }
            versions.append(row)
            last = order.text
        }
        return versions
    }

    private static func joined(
        _ table: SilverTable, _ batch: Changes, _ stored: StoredVersions, _ schema: IcebergSchema
    ) throws(SilverError) -> Changes {
        let (count, storedCount) = (batch.operations.count, stored.rows.count)
        var operations = batch.operations
        var times = batch.times
        var orders = ByteArrays()
        for row in 0..<count { orders.append(batch.order(of: row).text) }
        var unchanged = batch.unchanged
        var places: [String: [Int]] = [:]
        for (place, column) in table.columns.enumerated() {
            places["\(schema.field(named: column.name)?.id ?? 0)", default: []].append(place)
        }
        for (number, row) in stored.rows.enumerated() {
            operations.append(row.deletedAt == nil ? .update : .delete)
            times.append(row.createdAt)
            orders.append(row.order)
            let leftOut = row.columnOrders.keys.flatMap { places[$0] ?? [] }
            if !leftOut.isEmpty { unchanged[Int32(count + number)] = Set(leftOut) }
        }
        let columns = table.columns.enumerated().map { place, column in
            var array = column.empty
            array.append(batch.columns[place], 0..<count, after: 0)
            array.append(column.rows(stored.columns[place], storedCount), 0..<storedCount, after: count)
            return column.rows(array, count + storedCount)
        }
        return try Changes(
            columns: columns, operations: operations, times: times,
            orders: ColumnRows(ColumnArray(.byteArray(orders)), rowCount: count + storedCount), fileOrders: [[]],
            files: operations.map { _ in 0 }, unchanged: unchanged, key: table.key(of: columns))
    }
}
