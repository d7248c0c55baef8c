internal import AWSClient
internal import Columns
internal import Contracts
internal import Iceberg
internal import Lake
internal import Parquet
internal import ParquetRead

/// Takes the changes of a batch into the files of a table: rewrites those that hold a changed key, and adds one for new keys.
struct Merge: ~Copyable {
    let table: SilverTable
    let schema: IcebergSchema
    let changes: Changes
    private let storage: LakeStorage
    private let resolver: RowResolver
    /// The last truncate of the table, the batch's included.
    let truncate: Changes.Truncate?
    /// All truncates of a table that keeps versions, the batch's included.
    let truncates: Set<Changes.Truncate>
    /// Whether the batch truncates the table, which concerns rows that it does not name.
    let visitsAllRows: Bool
    let partitioner: Partitioner
    /// The rows of data files that other engines have deleted.
    let deleted: DeletedRows
    var writer: DataFileWriter
    private var moved: MovedRows
    /// Values that rows of former keys give to others, which a later merge takes.
    private(set) var donated: DonatedValues
    private var isFound: [Bool]
    var removed: Set<String> = []
    var counts = Counts()
    private let groupLimit: Int
    let checkpoint: () throws -> Void

    struct Counts: Sendable, Hashable {
        var inserted = 0
        var updated = 0
        var deleted = 0

        mutating func add(_ other: Counts) {
            inserted += other.inserted
            updated += other.updated
            deleted += other.deleted
        }
    }

    static let batchRows = 16_384
    /// Row groups of fewer bytes are joined when their files are.
    private static let joinedGroupLimit = 1 << 20
    /// Page indexes of a file of up to so many bytes are fetched at once.
    private static let indexLimit = 4 << 20

    init(
        _ table: SilverTable, _ schema: IcebergSchema, _ changes: Changes, truncated: Changes.Truncate?,
        truncates: Set<Changes.Truncate> = [],
        _ storage: LakeStorage, _ deleted: DeletedRows,
        _ writer: consuming DataFileWriter, groupLimit: Int, checkpoint: @escaping () throws -> Void
    ) {
        self.table = table
        self.schema = schema
        self.changes = changes
        self.storage = storage
        self.writer = writer
        self.groupLimit = groupLimit
        self.checkpoint = checkpoint
        self.deleted = deleted
        partitioner = Partitioner(table, changes)
        moved = MovedRows(table.columns)
        donated = DonatedValues(table)
        isFound = [Bool](repeating: false, count: changes.keys.count)
        truncate = Changes.Truncate.later(truncated, changes.truncate)
        self.truncates = truncates.union(changes.truncates)
        visitsAllRows = table.mode == .history ? self.truncates != truncates : truncate != truncated
        resolver = RowResolver(
            columnNames: table.columns.map { "\(schema.field(named: $0.name)?.id ?? 0)" },
            isKey: table.columns.map(\.isKey), truncate: truncate)
    }

    /// - Parameter fileSize: the size of data files that is aimed at: small ones are joined; nil leaves them as they are.
    /// - Returns: the files that are new.
    mutating func run(over files: [DataFile], joiningUpTo fileSize: Int? = nil) throws -> [DataFile] {
        let first = table.columns[table.keyPlaces[0]]
        let order = KeyOrder(fieldID: schema.field(named: first.name)?.id ?? 0, type: first.type)
        let bounds = KeyBounds(changes.keys, fieldID: order.fieldID, first.type)
        if table.mode == .history {
            try keepVersions(in: files, bounds)
        } else {
            let changed = ChangedFiles(fileSize: writer.targetSize, in: order)
            let reach = partitioner.reach()
            let searched = files.filter {
                visitsAllRows || bounds.mayHold($0) && reach?.contains($0.partition) ?? true
            }
            let mayChange = Set(searched.map(\.path))
            let (large, small) = changed.ordered(files)
            for file in large where mayChange.contains(file.path) {
                try checkpoint()
                try rewrite(file, bounds)
                // The file's rows stay together, so that the next batch finds them by their bounds.
                try writer.endFile()
            }
            try checkpoint()
            let shared = try rewrite(small, bounds, changed, mayChange: mayChange)
            try insertNewKeys(beside: shared, upTo: changed.limit)
            try writer.endFile()
        }
        if let fileSize { try join(files, SmallFiles(fileSize: fileSize, in: order)) }
        return writer.written
    }

    // MARK: Files

    /// Writes small files in which a row changes again, those side by side as one.
    /// - Returns: what the last one has, which may be open for new keys.
    private mutating func rewrite(
        _ runs: [[DataFile]], _ bounds: KeyBounds, _ changed: ChangedFiles, mayChange: Set<String>
    ) throws -> ChangedFiles.Shared {
        var shared = ChangedFiles.Shared()
        for run in runs {
            try writer.endFile()
            shared = ChangedFiles.Shared()
            for file in run {
                try checkpoint()
                if mayChange.contains(file.path) { try rewrite(file, bounds, joins: true) }
                if removed.contains(file.path) { shared.append(file) }
                guard !removed.contains(file.path) || shared.bytes >= changed.limit else { continue }
                try writer.endFile()
                shared = ChangedFiles.Shared()
            }
        }
        return shared
    }

    /// Writes all rows of a file to the one that is open. Small row groups share one.
    private mutating func copy(_ file: DataFile) throws {
        let source = try source(of: file)
        for number in source.file.metadata.rowGroups.indices {
            let isSmall = source.file.metadata.rowGroups[number].compressedSize < Self.joinedGroupLimit
            try write(number, of: source.holding(number), RowPlan(), without: [], joins: isSmall)
        }
        removed.insert(file.path)
    }

    /// Writes the file again if a row of it changes: row groups without such rows are copied as they are. The last file that it
    /// writes stays open.
    /// - Parameter joins: whether its rows share a row group with those of the file that is open.
    private mutating func rewrite(_ file: DataFile, _ bounds: KeyBounds, joins: Bool = false) throws {
        let source = try source(of: file)
        let parquet = source.file
        let size = Int(file.sizeInBytes)
        let isFirst = !writer.isOpen
        var next = 0
        for group in parquet.metadata.rowGroups.indices where visitsAllRows || bounds.mayHold(group, of: parquet) {
            let hits = try hits(in: source, group)
            guard !hits.isEmpty else { continue }
            let held = try source.holding(group)
            let (plan, leaving) = try plan(hits, held, group)
            guard !plan.isEmpty || !leaving.isEmpty else { continue }
            if removed.insert(file.path).inserted, isFirst { writer.startFile(inPlaceOf: file) }
            for group in next..<group {
                try write(group, of: source.holding(group), RowPlan(), without: [], joins: joins)
            }
            if !leaving.isEmpty { try moved.append(leaving, of: held.file, group, held.places) }
            let start = min(plan.firstPlace ?? .max, leaving.first?.place ?? .max)
            let gone = leaving.map(\.place)
            let before = source.bytes(of: next..<group)
            let rows = start..<parquet.metadata.rowGroups[group].rowCount
            if isFirst, ChangedFiles.parts(before, of: size) {
                try writer.endFile()
                try write(group, of: held, plan, without: gone, joins: joins)
            } else if isFirst, ChangedFiles.parts(before + source.bytes(ofFirst: start, in: group), of: size) {
                try writeStaying(group, of: held, RowPlan(), without: [], in: 0..<start)
                try writer.endFile()
                try writeStaying(group, of: held, plan, without: gone, in: rows)
            } else {
                try write(group, of: held, plan, without: gone, joins: joins)
            }
            next = group + 1
        }
        guard removed.contains(file.path) else { return }
        let rest = next..<parquet.metadata.rowGroups.count
        if !joins, ChangedFiles.parts(source.bytes(of: rest), of: size) { try writer.endFile() }
        for group in rest {
            try write(group, of: source.holding(group), RowPlan(), without: [], joins: joins)
        }
    }

    /// Joins small files of the partitions that the batch has written to: other partitions stay as they are for readers of what
    /// has changed.
    private mutating func join(_ files: [DataFile], _ small: SmallFiles) throws {
        let changed = Set(writer.written.map(\.partition))
        let left = files.filter { changed.contains($0.partition) && !removed.contains($0.path) }
        for group in small.groups(among: left) {
            writer.startFile(in: group[0].partition)
            for file in group {
                try checkpoint()
                try copy(file)
            }
            try writer.endFile()
        }
    }

    func source(of file: DataFile) throws -> Source {
        guard let object = LakeStorage.object(at: file.path) else {
            throw SilverError.table("the data file \(file.path) is not in S3")
        }
        let parquet = try ParquetFile(
            reading: ObjectRanges(storage.objects, object, size: Int(file.sizeInBytes))
        ).holdingIndexes(upTo: Self.indexLimit)
        return Source(
            file: parquet, places: try table.allColumns.map { try place(of: $0, in: parquet, file.path) },
            copies: writer.copies(parquet), groupLimit: groupLimit, partition: file.partition,
            deleted: try deleted.places(in: file))
    }

    /// A data file of the table.
    struct Source {
        var file: ParquetFile
        /// Of the table's columns in the file; nil for those that it lacks.
        let places: [StoredColumn?]
        /// Whether its chunks fit the new file.
        let copies: Bool
        /// As in ``MergeOptions``.
        let groupLimit: Int
        let partition: Partitioner.Partition
        /// The places of rows that are no longer the table's, ascending.
        let deleted: [Int]

        /// Those of a row group, from its first row.
        func deleted(in group: Int) -> [Int] {
            guard !deleted.isEmpty else { return [] }
            let start = file.metadata.rowGroups[..<group].reduce(0) { $0 + $1.rowCount }
            let end = start + file.metadata.rowGroups[group].rowCount
            return deleted.filter { (start..<end).contains($0) }.map { $0 - start }
        }

        /// Those that row groups take.
        func bytes(of groups: Range<Int>) -> Int {
            file.metadata.rowGroups[groups].reduce(0) { $0 + $1.compressedSize }
        }

        /// Those that the first rows of a row group take, about.
        func bytes(ofFirst rows: Int, in group: Int) -> Int {
            let found = file.metadata.rowGroups[group]
            return Int(Double(found.compressedSize) * Double(rows) / Double(max(1, found.rowCount)))
        }

        func holding(_ group: Int) throws -> Source {
            var source = self
            source.file = try file.holding(group: group, upTo: groupLimit)
            return source
        }
    }

    /// - Parameter joins: whether the rows share a row group with those before and after them.
    mutating func write(
        _ group: Int, of source: Source, _ plan: RowPlan, without leaving: [Int], joins: Bool = false
    ) throws {
        // What is in structs and lists has no places of rows in its chunks.
        let isDecoded = joins || table.isNested && !(plan.isEmpty && source.copies)
        if leaving.isEmpty, !isDecoded, source.deleted(in: group).isEmpty {
            try writer.append(
                group, of: source.file, places: source.places, copies: source.copies, replacements(plan))
            try checkpoint()
        } else {
            try writeStaying(group, of: source, plan, without: leaving)
        }
    }

    /// For each column of the table what becomes of some of its rows.
    private func replacements(_ plan: RowPlan) -> [Replacements?] {
        guard !plan.isEmpty else { return table.allColumns.map { _ in nil } }
        let contract = table.columns.enumerated().map { place, column in
            column.leaf != nil ? nil : plan.replacements(of: place, isKey: column.isKey, changes.columns[place])
        }
        return contract + plan.systemReplacements
    }

    /// Writes a row group, or some of its rows, without those that move to another partition or are deleted.
    /// - Parameter part: the rows; all that the plan changes are in it.
    private mutating func writeStaying(
        _ group: Int, of source: Source, _ plan: RowPlan, without leaving: [Int], in part: Range<Int> = 0..<Int.max
    ) throws {
        let changed = replacements(plan)
        var gone = Set(leaving + source.deleted(in: group)).sorted()[...]
        let nested = table.columns.indices.map { table.columns[$0].leaf == nil ? [] : plan.changes(of: $0) }
        var rows = try source.file.rows(ofGroup: group, columns: source.places.compactMap { $0?.index })
        var start = 0
        var next = [Int](repeating: 0, count: source.places.count)
        while let batch = try rows.next(upTo: Self.batchRows) {
            let range = start..<start + batch.rowCount
            var (staying, first) = ([Range<Int>](), 0)
            while let place = gone.first, place < range.upperBound {
                staying.append(first..<place - start)
                first = place - start + 1
                gone.removeFirst()
            }
            staying.append(first..<batch.rowCount)
            let inPart = range.clamped(to: part)
            staying = staying.map { $0.clamped(to: inPart.lowerBound - start..<inPart.upperBound - start) }
            staying.removeAll(where: \.isEmpty)
            let count = staying.reduce(0) { $0 + $1.count }
            var given = batch.columns.makeIterator()
            let columns = zip(table.allColumns, source.places).enumerated().map { index, column in
                var array = column.0.empty
                if let place = column.1, let stored = given.next() {
                    array = place.conversion(stored)
                } else {
                    array.appendNulls(batch.rowCount, after: 0)
                }
                array = changed[index]?.applied(to: array, range, &next[index]) ?? array
                if index < nested.count, !nested[index].isEmpty {
                    array = replaced(array, index, nested[index], range)
                }
                let all = column.0.rows(array, batch.rowCount)
                var kept = column.0.empty
                var done = 0
                for run in staying {
                    kept.append(all, run, after: done)
                    done += run.count
                }
                return kept
            }
            if count > 0 { try writer.append(count, columns) }
            start = range.upperBound
        }
        try checkpoint()
    }

    /// Rows of a column inside structs and lists, with those that changes give a value.
    private func replaced(
        _ array: ColumnArray, _ column: Int, _ changed: [(place: Int, change: Int)], _ range: Range<Int>
    ) -> ColumnArray {
        let stored = table.columns[column].rows(array, range.count)
        var result = table.columns[column].empty
        var done = 0
        for (place, change) in changed where range.contains(place) {
            let row = place - range.lowerBound
            if done < row { result.append(stored, done..<row, after: done) }
            result.append(changes.columns[column], change..<change + 1, after: row)
            done = row + 1
        }
        if done < range.count { result.append(stored, done..<range.count, after: done) }
        return result
    }

    /// A row of a row group that may change.
    struct Hit {
        let row: Int
        /// Its number in the batch; nil if the batch has none of its changes.
        let key: Int?
    }

    mutating func hits(in source: Source, _ group: Int) throws -> [Hit] {
        let places = try table.keyPlaces.map { place in
            guard let index = source.places[place] else {
                throw SilverError.table(
                    "a data file has no column \(table.columns[place].name), which is part of the key")
            }
            return index
        }
        var hits: [Hit] = []
        let deleted = Set(source.deleted(in: group))
        var (start, next) = (0, 0)
        let columns = places.map(\.index)
        let held = try source.file.holding(group: group, columns: columns, upTo: groupLimit)
        var rows = try held.rows(ofGroup: group, columns: columns)
        while let batch = try rows.next(upTo: 64 << 10) {
            let columns = KeyColumns(
                zip(zip(table.keyPlaces, places), batch.columns).map { key, array in
                    (ColumnRows(key.1.conversion(array), rowCount: batch.rowCount), table.columns[key.0].isDecimal)
                })
            var done = 0
            changes.keys.forEachHit(in: columns, rowCount: batch.rowCount, from: &next) { row, key in
                guard !deleted.contains(start + row) else { return }
                isFound[key] = true
                if visitsAllRows { while done < row { hits.append(Hit(row: start + done, key: nil)); done += 1 } }
                hits.append(Hit(row: start + row, key: key))
                done = row + 1
            }
            if visitsAllRows { hits += (done..<batch.rowCount).map { Hit(row: start + $0, key: nil) } }
            start += batch.rowCount
        }
        if !deleted.isEmpty { hits.removeAll { deleted.contains($0.row) } }
        return hits
    }

    private func place(
        of column: SilverColumn, in file: ParquetFile, _ path: String
    ) throws(SilverError) -> StoredColumn? {
        guard let field = schema.field(named: column.name),
            let stored = file.metadata.column(
                fieldID: column.leaf.map { field.type.leafIDs(own: field.id)[$0.number] } ?? field.id)
        else { return nil }
        guard let place = StoredColumn(stored, to: column.type, column.leaf) else {
            throw .table("\(path): its column \(stored.name) is \(stored.typeName), which is no \(column.type)")
        }
        return place
    }

    // MARK: Rows

    /// What becomes of the rows of a row group that the batch concerns, and which of them leave for another partition.
    private mutating func plan(
        _ hits: [Hit], _ source: Source, _ group: Int
    ) throws -> (staying: RowPlan, leaving: [(place: Int, row: MovedRows.Row)]) {
        var stored = try StoredRows(
            source.places.dropFirst(table.columns.count).map { $0?.index }, of: source.file, group)
        var plan = RowPlan()
        var leaving: [(place: Int, row: MovedRows.Row)] = []
        let mayMove = partitioner.mayMove
        var next = 0
        while next < hits.count, try stored.turn() {
            while next < hits.count, hits[next].row < stored.rows.upperBound {
                let row = try stored.row(hits[next].row)
                if let key = hits[next].key, !row.links.isEmpty || !changes.keyChanges.isEmpty {
                    try donate(resolver.donations(of: key, changes, stored: row), hits[next].row, source, group)
                }
                if let state = resolver.resolve(hits[next].key, changes, stored: row) {
                    if state.deletedAt != nil, row.deletedAt == nil { counts.deleted += 1 } else { counts.updated += 1 }
                    let target = mayMove ? partitioner.partition(of: state, from: source.partition) : source.partition
                    if target == source.partition {
                        plan.append(state, at: hits[next].row, stored: row)
                    } else {
                        leaving.append((hits[next].row, MovedRows.Row(state: state, partition: target)))
                    }
                }
                next += 1
            }
        }
        return (plan, leaving)
    }

    /// - Parameter row: of the row group; the stored row of the former key.
    private mutating func donate(_ donations: [Donation], _ row: Int, _ source: Source, _ group: Int) throws {
        for donation in donations {
            switch donation.source {
            case .change(let change): donated.append(donation, changes.columns[donation.column], change)
            case .stored:
                // A file that lacks the column has nulls in it.
                guard let place = source.places[donation.column] else { continue }
                var rows = try source.file.rows(ofGroup: group, columns: [place.index], rows: [row..<row + 1])
                while let batch = try rows.next(upTo: 1) {
                    let column = table.columns[donation.column].rows(place.conversion(batch.columns[0]), batch.rowCount)
                    donated.append(donation, column, 0)
                }
            case .none: continue
            }
        }
    }

    /// Writes the rows of the keys that no file has, in the order of the keys, and those that have left their files: one partition
    /// after the other, so one file is open at a time.
    /// - Parameter shared: the rows of the file that is open, which takes new keys as long as it has no more bytes than `limit`.
    private mutating func insertNewKeys(beside shared: ChangedFiles.Shared, upTo limit: Int) throws {
        let new = changes.keys.sorted { !isFound[Int($0)] }
        if partitioner.isActive || !shared.takes(new.count, upTo: limit) { try writer.endFile() }
        guard partitioner.isActive else { return try insert(new[...]) }
        var parts: [Partitioner.Partition: [Int32]] = [:]
        for key in new {
            guard let state = resolver.resolve(Int(key), changes, stored: nil) else { continue }
            parts[partitioner.partition(of: state, from: nil), default: []].append(key)
        }
        let movedParts = moved.byPartition
        for partition in Set(parts.keys).union(movedParts.keys).sorted(by: { "\($0)" < "\($1)" }) {
            writer.startFile(in: partition)
            try insert((parts[partition] ?? [])[...])
            try insertMoved((movedParts[partition] ?? [])[...])
            try writer.endFile()
        }
    }

    private mutating func insert(_ keys: ArraySlice<Int32>) throws {
        for start in stride(from: keys.startIndex, to: keys.endIndex, by: Self.batchRows) {
            var plan = RowPlan()
            for key in keys[start..<min(start + Self.batchRows, keys.endIndex)] {
                guard let state = resolver.resolve(Int(key), changes, stored: nil) else { continue }
                if state.deletedAt == nil { counts.inserted += 1 } else { counts.deleted += 1 }
                if !changes.keyChanges.isEmpty {
                    for donation in resolver.donations(of: Int(key), changes, stored: nil) {
                        guard case .change(let row) = donation.source else { continue }
                        donated.append(donation, changes.columns[donation.column], row)
                    }
                }
                plan.append(state, at: plan.count, stored: nil)
            }
            let contract = table.columns.indices.map { column in
                guard table.columns[column].leaf != nil else { return plan.values(of: column, changes.columns[column]) }
                var nulls = table.columns[column].empty
                nulls.appendNulls(plan.count, after: 0)
                return replaced(nulls, column, plan.changes(of: column), 0..<plan.count)
            }
            try writer.append(plan.count, contract + plan.systemValues)
            try checkpoint()
        }
    }

    private mutating func insertMoved(_ numbers: ArraySlice<Int>) throws {
        for start in stride(from: numbers.startIndex, to: numbers.endIndex, by: Self.batchRows) {
            let some = numbers[start..<min(start + Self.batchRows, numbers.endIndex)]
            var plan = RowPlan()
            for number in some { plan.append(moved.rows[number].state, at: plan.count, stored: nil) }
            try writer.append(some.count, moved.columns(of: some, changes) + plan.systemValues)
            try checkpoint()
        }
    }
}
