internal import Columns
public import Iceberg
public import Lake
internal import Parquet
internal import ParquetRead

/// How files are written again.
public struct RewriteOptions: Sendable {
    /// Row groups below so many bytes are joined with their neighbours.
    public var groupSize = 512 << 10
    /// Decoded bytes that are sorted in memory at once.
    public var sortMemory = 256 << 20

    public init() {}
}

/// Writes the rows of some files into one, in the order of their keys.
///
/// Row groups whose keys overlap with no other's are copied as bytes if they are large enough. Small neighbours are decoded and
/// share a row group. Those that overlap are decoded and sorted together, as far as memory allows; else they keep their order.
public struct FileRewriter {
    let form: TableForm
    let storage: LakeStorage
    let options: RewriteOptions
    let filter: RowFilter?
    let checkpoint: () throws -> Void

    /// - Parameters:
    ///   - filter: the rows that leave; nil keeps all.
    ///   - checkpoint: called between the steps of a long work; what it throws ends it.
    public init(
        _ form: TableForm, _ storage: LakeStorage, _ options: RewriteOptions, dropping filter: RowFilter?,
        checkpoint: @escaping () throws -> Void
    ) {
        self.form = form
        self.storage = storage
        self.options = options
        self.filter = filter
        self.checkpoint = checkpoint
    }

    /// What became of the sources.
    public enum Outcome {
        /// The new file, none if no row is left, and how many rows were dropped.
        case written(DataFile?, droppedRows: Int)
        /// Files of another form than the table's now, by their paths. Nothing is written.
        case unfit(Set<String>)
        /// The one source would not have fewer row groups. Nothing is written.
        case futile
    }

    private struct Written {
        var droppedRows = 0
    }

    private static let batchRows = 16_384
    private static let indexLimit = 4 << 20
    private static let heldLimit = 32 << 20

    /// Writes the rows of files into one.
    public func write(_ sources: [DataFile], to location: String) throws -> Outcome {
        var groups: [Group] = []
        var unfit: Set<String> = []
        for source in sources {
            try checkpoint()
            guard let object = LakeStorage.object(at: source.path) else {
                throw LakeError.unreadable("the data file \(source.path) is not in S3")
            }
            let file = try ParquetFile(
                reading: ObjectRanges(storage.objects, object, size: Int(source.sizeInBytes))
            ).holdingIndexes(upTo: Self.indexLimit)
            guard form.fits(file) else {
                unfit.insert(source.path)
                continue
            }
            let places = form.places(in: file)
            for number in file.metadata.rowGroups.indices where file.metadata.rowGroups[number].rowCount > 0 {
                groups.append(group(number, of: file, places))
            }
        }
        guard unfit.isEmpty else { return .unfit(unfit) }
        let clusters = clusters(of: groups)
        if sources.count == 1, !groups.contains(where: mayDrop), !gains(clusters, from: groups.count) { return .futile }
        var output = DataFileOutput()
        var written = Written()
        do {
            for cluster in clusters { try write(cluster, to: &output, location, &written) }
            let file = try output.finish(form, storage, sources.first?.partition ?? [])
            return .written(file, droppedRows: written.droppedRows)
        } catch {
            output.abort()
            throw error
        }
    }

    private func mayDrop(_ group: Group) -> Bool {
        filter?.mayDrop(fromGroup: group.number, of: group.file) ?? false
    }

    /// Whether the new file would have half as many row groups, or fewer: those that are copied separate those that are joined.
    private func gains(_ clusters: [[Group]], from count: Int) -> Bool {
        var made = 0
        var joinedSize = 0
        func end() {
            if joinedSize > 0 { made += 1 + joinedSize / WriterOptions().rowGroupSizeLimit }
            joinedSize = 0
        }
        for cluster in clusters {
            if cluster.count == 1, cluster[0].compressedSize >= options.groupSize {
                end()
                made += 1
            } else {
                joinedSize += cluster.reduce(0) { $0 + $1.uncompressedSize }
            }
        }
        end()
        return made * 2 <= count
    }

    // MARK: Row groups

    private struct Group {
        let file: ParquetFile
        let number: Int
        let places: [Int?]
        let lower: IcebergValue?
        let upper: IcebergValue?

        var rowCount: Int { file.metadata.rowGroups[number].rowCount }
        var compressedSize: Int { file.metadata.rowGroups[number].compressedSize }
        var uncompressedSize: Int { file.metadata.rowGroups[number].uncompressedSize }
    }

    private func group(_ number: Int, of file: ParquetFile, _ places: [Int?]) -> Group {
        var bounds: [IcebergValue?] = [nil, nil]
        if let place = form.sortPlaces.first, let column = places[place],
            let type = form.schema.field(form.leaves[place].fieldID)?.type
        {
            let statistics = file.metadata.rowGroups[number].chunks[column].statistics
            bounds = [statistics.minimum, statistics.maximum].map { bound in
                bound.flatMap { IcebergValue(parquet: $0, file.metadata.columns[column].physicalType, type) }
            }
        }
        return Group(file: file, number: number, places: places, lower: bounds[0], upper: bounds[1])
    }

    /// Row groups side by side, those that overlap together.
    private func clusters(of groups: [Group]) -> [[Group]] {
        guard !form.sortPlaces.isEmpty, groups.allSatisfy({ $0.lower != nil && $0.upper != nil }) else {
            return groups.map { [$0] }
        }
        let ordered = groups.enumerated().sorted { left, right in
            guard let first = left.element.lower, let second = right.element.lower, first != second else {
                return left.offset < right.offset
            }
            return first < second
        }
        var clusters: [[Group]] = []
        var end: IcebergValue?
        for (_, group) in ordered {
            if let last = end, let lower = group.lower, !(last < lower), let open = clusters.indices.last {
                clusters[open].append(group)
            } else {
                clusters.append([group])
            }
            if let upper = group.upper, end.map({ $0 < upper }) ?? true { end = upper }
        }
        return clusters
    }

    // MARK: Writing

    private func write(
        _ cluster: [Group], to output: inout DataFileOutput, _ location: String, _ written: inout Written
    ) throws {
        let size = cluster.reduce(0) { $0 + $1.uncompressedSize }
        guard cluster.count > 1, size <= options.sortMemory else {
            for group in cluster { try write(group, to: &output, location, &written) }
            return
        }
        var columns = room(for: cluster)
        var count = 0
        for group in cluster {
            try read(group, &written) { batch, staying in
                for (place, leaf) in form.leaves.enumerated() {
                    let rows = leaf.rows(batch.columns[place], batch.rowCount)
                    var before = count
                    for range in staying {
                        columns[place].append(rows, range, after: before)
                        before += range.count
                    }
                }
                count += staying.reduce(0) { $0 + $1.count }
            }
        }
        guard count > 0 else { return }
        let all = zip(form.leaves, columns).map { $0.rows($1, count) }
        let order = RowOrder(form.sortPlaces.map { all[$0] }).sorted(count)
        for start in stride(from: 0, to: count, by: Self.batchRows) {
            try checkpoint()
            let rows = Array(order[start..<min(start + Self.batchRows, count)])
            let arrays = zip(form.leaves, all).map { leaf, column in
                guard leaf.isNested else { return column.gathered(rows) }
                var gathered = leaf.empty
                for (done, row) in rows.enumerated() {
                    gathered.append(column, Int(row)..<Int(row) + 1, after: done)
                }
                return gathered
            }
            try output.append(rows.count, arrays, form, storage, location)
        }
    }

    /// Columns with room for all rows, since arrays that grow leave their former memory behind.
    private func room(for cluster: [Group]) -> [ColumnArray] {
        // What files say of themselves may be wrong.
        let limit = options.sortMemory
        let rowCount = cluster.reduce(0) { min(limit, $0 + min(limit, $1.rowCount)) }
        return form.leaves.enumerated().map { place, leaf in
            let textSize = cluster.reduce(0) { sum, group in
                let chunk = group.places[place].map { group.file.metadata.rowGroups[group.number].chunks[$0] }
                return min(limit, sum + min(limit, chunk?.textSize ?? 0))
            }
            var column = leaf.empty
            column.values = column.values.reserving(rowCount, textSize: textSize)
            return column
        }
    }

    private func write(
        _ group: Group, to output: inout DataFileOutput, _ location: String, _ written: inout Written
    ) throws {
        try checkpoint()
        if !mayDrop(group), group.compressedSize >= options.groupSize {
            return try output.copy(group.file, group.number, form, storage, location)
        }
        try read(group, &written) { batch, staying in
            if staying == [0..<batch.rowCount] {
                return try output.append(batch.rowCount, batch.columns, form, storage, location)
            }
            let count = staying.reduce(0) { $0 + $1.count }
            guard count > 0 else { return }
            let arrays = zip(form.leaves, batch.columns).map { leaf, array in
                let rows = leaf.rows(array, batch.rowCount)
                var kept = leaf.empty
                var done = 0
                for range in staying {
                    kept.append(rows, range, after: done)
                    done += range.count
                }
                return kept
            }
            try output.append(count, arrays, form, storage, location)
        }
    }

    private struct Batch {
        let columns: [ColumnArray]
        let rowCount: Int
    }

    /// Reads a row group, batch by batch, with nulls for columns that its file lacks.
    private func read(
        _ group: Group, _ written: inout Written, _ body: (Batch, [Range<Int>]) throws -> Void
    ) throws {
        let file = try group.file.holding(group: group.number, upTo: Self.heldLimit)
        var rows = try file.rows(ofGroup: group.number, columns: group.places.compactMap(\.self))
        let mayDrop = filter?.mayDrop(fromGroup: group.number, of: group.file) ?? false
        while let batch = try rows.next(upTo: Self.batchRows) {
            var given = batch.columns.makeIterator()
            let columns = zip(form.leaves, group.places).map { leaf, place in
                if place != nil, let array = given.next() { return array }
                var nulls = leaf.empty
                nulls.appendNulls(batch.rowCount, after: 0)
                return nulls
            }
            var staying = [0..<batch.rowCount]
            if mayDrop, let filter {
                staying = filter.staying(of: batch.rowCount) { id in
                    form.leaves.firstIndex { $0.fieldID == id }.map {
                        form.leaves[$0].rows(columns[$0], batch.rowCount)
                    }
                }
                written.droppedRows += batch.rowCount - staying.reduce(0) { $0 + $1.count }
            }
            try body(Batch(columns: columns, rowCount: batch.rowCount), staying)
        }
    }
}

/// The order of rows by some columns.
private struct RowOrder {
    private enum Key {
        case longs([Int64])
        case texts(ColumnRows)
    }

    private let keys: [Key]

    init(_ columns: [ColumnRows]) {
        keys = columns.map { column in
            switch column.array.values {
            case .int64(let values) where column.array.presence == nil: .longs(values)
            case .int32(let values) where column.array.presence == nil: .longs(values.map(Int64.init))
            default: .texts(column)
            }
        }
    }

    func sorted(_ count: Int) -> [Int32] {
        let rows = (0..<Int32(count))
        if keys.count == 1, case .longs(let values) = keys[0] {
            return values.withUnsafeBufferPointer { values in
                var pairs = rows.map { (values[Int($0)], $0) }
                pairs.sort { $0 < $1 }
                return pairs.map(\.1)
            }
        }
        return rows.sorted { left, right in
            for key in keys {
                switch key {
                case .longs(let values):
                    let (first, second) = (values[Int(left)], values[Int(right)])
                    if first != second { return first < second }
                case .texts(let column):
                    let (first, second) = (bytes(column, Int(left)), bytes(column, Int(right)))
                    if first.elementsEqual(second) { continue }
                    return first.lexicographicallyPrecedes(second)
                }
            }
            return left < right
        }
    }

    /// A value's bytes; nothing for a null, and for a type without an order here.
    private func bytes(_ column: ColumnRows, _ row: Int) -> ArraySlice<UInt8> {
        let range = column.values(of: row..<row + 1)
        guard let place = range.first else { return [] }
        switch column.array.values {
        case .byteArray(let texts):
            return texts.bytes[Int(texts.offsets[place])..<Int(texts.offsets[place + 1])]
        case .fixedLengthByteArray(let bytes, let length): return bytes[place * length..<(place + 1) * length]
        default: return []
        }
    }
}
