internal import Iceberg
internal import JSON
internal import Lake

/// How the rows of a table differ between two snapshots.
///
/// Only the data files that are in one of them alone are read, and those of which another engine has deleted rows between them. Their rows are compared by hashes of 64 bits, part after part of
/// the keys, so memory does not grow with the table.
struct TableDiff {
    enum Kind: String, CaseIterable {
        case inserted, updated, deleted
    }

    struct Row {
        let kind: Kind
        /// The values before and after, by column; nil where there is no row.
        let before: JSONObject?
        let after: JSONObject?
    }

    private(set) var counts: [Kind: Int] = [:]
    /// Rows of which only the times and the order of changes differ, or that are deleted in both.
    private(set) var restatedCount = 0
    /// The first ones of each kind that were found.
    private(set) var rows: [Row] = []
    let keyNames: [String]
    /// What was read.
    let fileCount: Int
    let sizeInBytes: Int

    /// The rows that are in memory at once.
    private static let rowsAtOnce = 4_000_000

    private var keys: [Kind: [UInt64]] = [:]
    private let limit: Int

    /// - Parameter limit: how many rows of each kind are shown.
    init(
        of name: String, _ tables: LakeTables, _ schema: IcebergSchema, from old: TableFiles, to new: TableFiles,
        limit: Int,
        rowsAtOnce: Int = Self.rowsAtOnce
    ) throws {
        self.limit = limit
        let removed = try tables.files(of: old, besides: new, table: name)
        let added = try tables.files(of: new, besides: old, table: name)
        fileCount = removed.count + added.count
        sizeInBytes = (removed + added).reduce(0) { $0 + Int($1.data.sizeInBytes) }
        let reader = TableRows(tables, schema)
        keyNames = reader.keyNames
        let count = removed.reduce(0) { $0 + Int($1.data.recordCount) }
        let parts = UInt64(count / rowsAtOnce + 1)
        for part in 0..<parts {
            var table = RowTable(expecting: count / Int(parts))
            for file in removed {
                try reader.forEachRow(of: file) { key, row in if key % parts == part { table.add(key, row) } }
            }
            for file in added {
                try reader.forEachRow(of: file) { key, row in
                    if key % parts == part { compare(key, table.take(key), row) }
                }
            }
            table.forEachLeft { key, row in compare(key, row, nil) }
        }
        try readRows(reader, removed: removed, added: added)
    }

    private mutating func compare(_ key: UInt64, _ before: RowTable.Row?, _ after: RowTable.Row?) {
        let kind: Kind
        switch (before?.isLive ?? false, after?.isLive ?? false) {
        case (false, true): kind = .inserted
        case (true, false): kind = .deleted
        case (true, true) where before?.data != after?.data: kind = .updated
        default:
            if before?.data != after?.data || before?.state != after?.state { restatedCount += 1 }
            return
        }
        counts[kind, default: 0] += 1
        if keys[kind, default: []].count < limit { keys[kind, default: []].append(key) }
    }

    private mutating func readRows(_ reader: TableRows, removed: [SnapshotFile], added: [SnapshotFile]) throws {
        let before = try reader.values(
            of: Set([.updated, .deleted].flatMap { keys[$0] ?? [] }), in: removed)
        let after = try reader.values(
            of: Set([.inserted, .updated].flatMap { keys[$0] ?? [] }), in: added)
        for kind in Kind.allCases {
            let found = (keys[kind] ?? []).map { key in
                Row(
                    kind: kind, before: kind == .inserted ? nil : before[key],
                    after: kind == .deleted ? nil : after[key])
            }
            rows += found.sorted { isOrdered($0, $1) }
        }
    }

    /// By the values of the key.
    private func isOrdered(_ left: Row, _ right: Row) -> Bool {
        for name in keyNames {
            switch (left.values[name], right.values[name]) {
            case (.number(let left), .number(let right)) where left != right:
                return left.double ?? 0 < right.double ?? 0
            case (.string(let left), .string(let right)) where left != right:
                return left < right
            default: continue
            }
        }
        return false
    }
}

extension TableDiff.Row {
    /// The row as it is, or was last.
    var values: JSONObject { after ?? before ?? [:] }

    /// The columns whose values differ, without those of the table's own state if there are others.
    var changedColumns: [String] {
        guard kind == .updated, let before, let after else { return [] }
        return after.names.filter { before[$0] ?? .null != after[$0] && !StateColumn.all.contains($0) }
    }
}
