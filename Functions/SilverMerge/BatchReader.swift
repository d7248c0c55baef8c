internal import AWSClient
internal import AWSModels
internal import Columns
internal import Contracts
internal import Control
internal import Iceberg
internal import Lake
internal import Parquet
internal import ParquetRead
internal import JSON
internal import Time

/// Reads the bronze files of a batch into memory, the columns that silver needs.
///
/// A batch has as many files as fit into memory together. A file that is larger by itself is a batch of its own, of which a
/// reader takes one part of the keys.
struct BatchReader {
    private let table: SilverTable
    private let objects: ObjectStore
    private var columns: [ColumnArray]
    private var orders = ColumnArray(.byteArray(ByteArrays()))
    private var operations: [Changes.Operation] = []
    private var times: [Int64] = []
    private var unchanged: [Int32: Set<Int>] = [:]
    private var keyChanges: [Int32: Changes.KeyChange] = [:]
    private var fileNumbers: [Int32] = []
    private var fileOrders: [[UInt8]] = []
    /// Bytes that the changes of a batch may take.
    private let memoryLimit: Int
    private var memorySize = 0
    private(set) var parts: KeyParts?
    /// The entity tags of the files that were opened, by their places: other parts read the same.
    private(set) var pins: [String: String]
    /// The part that is read.
    private let part: Int

    private static let batchRows = 64 << 10
    /// A row group of up to so many bytes is fetched at once.
    private static let groupLimit = 32 << 20

    /// - Parameters:
    ///   - parts: nil to take whole files.
    ///   - part: the number of the one to take.
    ///   - pins: the entity tags that files must have, by their places.
    init(
        table: SilverTable, objects: ObjectStore, memoryLimit: Int, parts: KeyParts? = nil, part: Int = 0,
        pins: [String: String] = [:]
    ) {
        self.table = table
        self.objects = objects
        self.memoryLimit = memoryLimit
        self.parts = parts
        self.part = part
        self.pins = pins
        columns = table.columns.map(\.empty)
    }

    /// Whether a further file can only go into the next batch.
    var isFull: Bool { parts != nil || memorySize >= memoryLimit }

    /// Reads a file. One that cannot be read leaves no row behind.
    /// - Returns: false, with nothing read, if it does not fit into memory beside what was read before.
    /// - Throws: ``SilverError/bronze(place:reason:)`` if the file is at fault.
    mutating func add(_ bronze: BronzeFile) throws -> Bool {
        let start = operations.count
        let marks = columns.map { $0.mark(rows: start) }
        let orderMark = orders.mark(rows: start)
        do {
            let file = try BronzeFile.open(
                bronze.record.object, bronze.place, objects, pinnedTo: &pins[bronze.place])
            let places = try columnPlaces(in: file, bronze.place)
            let size = sizeInMemory(of: file, places)
            // Where parts are taken, they are as large as fits.
            if parts == nil, memorySize + size > memoryLimit {
                if start > 0 { return false }
                let count = (size + memoryLimit - 1) / memoryLimit
                if count > 1 {
                    var sample = KeySample(rowCount: file.metadata.rowCount)
                    try sample.add(file, table.keyPlaces.map { places[$0] })
                    parts = sample.parts(count)
                }
            }
            memorySize += size
            if start == 0 { reserve(for: file, places) }
            try read(file, places, bronze)
            try checkKeys(from: start, bronze.place)
            if let key = bronze.record.supersededKey { try deleteWhatIsGone(key, from: start, bronze) }
            fileOrders.append(bronze.order)
            return true
        } catch {
            for (column, mark) in marks.enumerated() { columns[column].truncate(to: mark) }
            orders.truncate(to: orderMark)
            operations.removeSubrange(start...)
            times.removeSubrange(start...)
            fileNumbers.removeSubrange(start...)
            unchanged = unchanged.filter { $0.key < start }
            keyChanges = keyChanges.filter { $0.key < start }
            if let fault = error as? ParquetReadError {
                throw SilverError.bronze(place: bronze.place, reason: "\(fault)")
            }
            if let error = error as? AWSError, error.isPreconditionFailed { throw BronzeFile.replaced(bronze.place) }
            throw error
        }
    }

    /// The changes of all files that were read.
    consuming func finish() throws -> Changes {
        let count = operations.count
        for (index, column) in table.columns.enumerated() {
            guard let derivation = column.derivation,
                let source = table.columns.firstIndex(where: { $0.name == derivation.source })
            else { continue }
            columns[index] = derivation(columns[source])
        }
        let read = zip(table.columns, columns).map { $0.rows($1, count) }
        var changes = try Changes(
            columns: read, operations: operations, times: times, orders: ColumnRows(orders, rowCount: count),
            fileOrders: fileOrders, files: fileNumbers, unchanged: unchanged, key: table.key(of: read))
        changes.keyChanges = keyChanges
        return changes
    }

    /// About what the changes of a file take in memory.
    /// - Throws: ``SilverError/bronze(place:reason:)`` if the file cannot be read, or is not of the contract.
    func sizeInMemory(of file: ParquetFile, _ place: String) throws(SilverError) -> Int {
        _ = try systemPlaces(in: file, place)
        return sizeInMemory(of: file, try columnPlaces(in: file, place))
    }

    /// The key's columns in a file.
    func keyPlaces(in file: ParquetFile, _ place: String) throws(SilverError) -> [StoredColumn?] {
        let places = try columnPlaces(in: file, place)
        return table.keyPlaces.map { places[$0] }
    }

    private func sizeInMemory(of file: ParquetFile, _ places: [StoredColumn?]) -> Int {
        let ordersPlace = file.metadata.column(path: ["_cdc_order"])?.index
        var size = file.metadata.rowCount * (Self.rowSize + (table.recordPlace == nil ? 0 : RecordIDs.size))
        for group in file.metadata.rowGroups {
            for place in places.map({ $0?.index }) + [ordersPlace] {
                guard let chunk = place.map({ group.chunks[$0] }) else { continue }
                switch place.map({ file.metadata.columns[$0].physicalType }) {
                case .byteArray: size += 4 * chunk.valueCount + (chunk.textSize ?? 4 * chunk.uncompressedSize)
                case .fixedLengthByteArray(let length): size += length * chunk.valueCount
                default: size += 8 * chunk.valueCount
                }
            }
        }
        return size
    }

    /// Makes room for the changes of the first file, or of a part of it, since arrays that grow leave their former memory behind.
    private mutating func reserve(for file: ParquetFile, _ places: [StoredColumn?]) {
        let share = parts?.count ?? 1
        let rows = file.metadata.rowCount / share * 9 / 8
        func textSize(_ index: Int?) -> Int {
            guard let index else { return 0 }
            return file.metadata.rowGroups.reduce(0) { $0 + ($1.chunks[index].textSize ?? 0) } / share * 9 / 8
        }
        for (index, place) in places.enumerated() {
            columns[index].values = table.columns[index].empty.values.reserving(
                rows, textSize: textSize(place?.index))
        }
        let place = file.metadata.column(path: ["_cdc_order"])?.index
        orders = ColumnArray(ColumnValues.byteArray(ByteArrays()).reserving(rows, textSize: textSize(place)))
        operations.reserveCapacity(rows)
        times.reserveCapacity(rows)
        fileNumbers.reserveCapacity(rows)
    }

    /// What a change takes besides its columns: operation, time, file, key, and its place among those of the key.
    private static let rowSize = 32

    private mutating func read(_ file: ParquetFile, _ places: [StoredColumn?], _ bronze: BronzeFile) throws {
        let place = bronze.place
        let system = try systemPlaces(in: file, place)
        let recordIDs =
            table.recordPlace == nil ? nil : try RecordIDs(of: file, bronze.record.object, objects, or: bronze)
        var rowsBefore = 0
        for group in file.metadata.rowGroups.indices {
            let held = try file.holding(group: group, upTo: Self.groupLimit)
            var rows = try held.rows(ofGroup: group, columns: places.compactMap { $0?.index } + system)
            while let batch = try rows.next(upTo: Self.batchRows) {
                let facts = ChangeFacts(Array(batch.columns.suffix(system.count)), batch.rowCount)
                var given = batch.columns.makeIterator()
                var arrays = places.enumerated().map { column, place in
                    place.flatMap { place in
                        given.next().map { table.columns[column].rows(place.conversion($0), batch.rowCount) }
                    }
                }
                if let record = table.recordPlace {
                    arrays[record] = recordIDs?.rows(facts.order, batch.rowCount, after: rowsBefore)
                }
                let kept = try keptRows(arrays, facts, batch.rowCount, rowsBefore, place)
                append(arrays, facts, kept, batch.rowCount)
                for row in kept ?? Array(0..<Int32(batch.rowCount)) {
                    let row = Int(row)
                    // A record is what it is, not what it changes.
                    if table.recordPlace == nil, let names = try facts.unchanged(of: row, place) {
                        unchanged[Int32(operations.count)] = leftOut(names, places)
                    }
                    // It was found known before.
                    operations.append(table.recordPlace == nil ? facts.operation(of: row) ?? .insert : .insert)
                    times.append(facts.time(of: row) ?? bronze.microseconds)
                    fileNumbers.append(Int32(fileOrders.count))
                }
                try deleteFormerKeys(facts, arrays, batch.rowCount, rowsBefore, places, bronze)
                rowsBefore += batch.rowCount
            }
        }
    }

    /// The columns that a change does not carry, and those that are derived from them.
    private func leftOut(_ names: [String], _ places: [StoredColumn?]) -> Set<Int> {
        let own = places.indices.filter { index in places[index].map { names.contains($0.name) } ?? false }
        let sources = Set(own.map { table.columns[$0].name })
        let derived = table.columns.indices.filter { index in
            table.columns[index].derivation.map { sources.contains($0.source) } ?? false
        }
        return Set(own + derived)
    }

    /// Whether the row of a key was erased.
    private func isErased(_ columns: [ColumnRows?], _ row: Int) -> Bool {
        guard !table.erased.isEmpty else { return false }
        let key = table.erasureKeyPlaces.compactMap { place in
            columns[place].flatMap { IcebergValue($0, row, table.columns[place].type) }
        }
        return key.count == table.erasureKeyPlaces.count && table.erased.contains(key)
    }

    /// The rows of the part that is read, without those that were erased; nil for all.
    private func keptRows(
        _ arrays: [ColumnRows?], _ facts: ChangeFacts, _ rowCount: Int, _ rowsBefore: Int, _ place: String
    ) throws(SilverError) -> [Int32]? {
        let key =
            parts == nil
            ? nil
            : KeyColumns(
                table.keyPlaces.compactMap { index in
                    arrays[index].map { ($0, table.columns[index].isDecimal) }
                })
        var kept: [Int32] = []
        for row in 0..<rowCount {
            guard let operation = facts.operation(of: row) else {
                throw .bronze(place: place, reason: "row \(rowsBefore + row) has no operation that is known")
            }
            // A truncate concerns all keys, and is known once the first part is read.
            guard let key, let parts else {
                if operation == .truncate || !isErased(arrays, row) { kept.append(Int32(row)) }
                continue
            }
            guard (operation == .truncate ? 0 : parts.part(of: row, key)) == part else { continue }
            if operation == .truncate || !isErased(arrays, row) { kept.append(Int32(row)) }
        }
        return parts == nil && table.erased.isEmpty ? nil : kept
    }

    private mutating func append(_ arrays: [ColumnRows?], _ facts: ChangeFacts, _ kept: [Int32]?, _ rowCount: Int) {
        let start = operations.count
        let count = kept?.count ?? rowCount
        func part(_ rows: ColumnRows) -> ColumnRows {
            kept.map { ColumnRows(rows.gathered($0), rowCount: count) } ?? rows
        }
        for (column, array) in arrays.enumerated() {
            if let array, let kept, array.array.levels != nil {
                for (done, row) in kept.enumerated() {
                    columns[column].append(array, Int(row)..<Int(row) + 1, after: start + done)
                }
            } else if let array {
                columns[column].append(part(array), 0..<count, after: start)
            } else {
                columns[column].appendNulls(count, after: start)
            }
        }
        orders.append(part(facts.order), 0..<count, after: start)
    }

    /// A change of a row's key also deletes the row of the former key.
    private mutating func deleteFormerKeys(
        _ facts: ChangeFacts, _ arrays: [ColumnRows?], _ rowCount: Int, _ rowsBefore: Int, _ places: [StoredColumn?],
        _ bronze: BronzeFile
    ) throws(SilverError) {
        guard table.recordPlace == nil, facts.hasFormerKeys else { return }
        for row in 0..<rowCount {
            guard let former = try facts.formerKey(of: row, bronze.place) else { continue }
            var values: [Int: ColumnRows] = [:]
            for index in table.keyPlaces {
                let column = table.columns[index]
                guard let value = former[places[index]?.name ?? column.name].flatMap({ column.key($0) }) else {
                    throw .bronze(
                        place: bronze.place,
                        reason:
                            "_cdc_previous_key of row \(rowsBefore + row) has no \(column.name), or none of type \(column.type)"
                    )
                }
                values[index] = ColumnRows(value, rowCount: 1)
            }
            if isErased(columns.indices.map { values[$0] }, 0) { continue }
            let key = KeyColumns(
                table.keyPlaces.compactMap { index in
                    values[index].map { ($0, table.columns[index].isDecimal) }
                })
            guard parts.map({ $0.part(of: 0, key) == part }) ?? true else { continue }
            let number = operations.count
            for index in columns.indices {
                if let value = values[index] {
                    columns[index].append(value, 0..<1, after: number)
                } else {
                    columns[index].appendNulls(1, after: number)
                }
            }
            // What the former key's row has is not kept for one that was erased.
            if !isErased(arrays, row) {
                keyChanges[Int32(number)] = try keyChange(facts, arrays, row, places, bronze.place)
            }
            orders.append(facts.order, row..<row + 1, after: number)
            operations.append(.delete)
            times.append(facts.time(of: row) ?? bronze.microseconds)
            fileNumbers.append(Int32(fileOrders.count))
        }
    }

    /// What a change of the key left out, if anything: the row of the former key has it.
    private func keyChange(
        _ facts: ChangeFacts, _ arrays: [ColumnRows?], _ row: Int, _ places: [StoredColumn?], _ place: String
    ) throws(SilverError) -> Changes.KeyChange? {
        guard let order = facts.order.text(of: row), let names = try facts.unchanged(of: row, place) else { return nil }
        let columns = leftOut(names, places)
        let key = table.keyPlaces.compactMap { index in
            arrays[index].flatMap { IcebergValue($0, row, table.columns[index].type)?.serialized }
        }
        guard !columns.isEmpty, key.count == table.keyPlaces.count else { return nil }
        return Changes.KeyChange(order: Array(order), key: key, columns: columns)
    }

    /// Deletes the rows that only the former version of the file had, at the time of this one.
    private mutating func deleteWhatIsGone(_ formerKey: String, from start: Int, _ bronze: BronzeFile) throws {
        let object = S3Object(bucket: bronze.record.bucket, key: formerKey)
        let place = "\(object)"
        let file = try BronzeFile.open(object, place, objects, pinnedTo: &pins[place])
        let places = try columnPlaces(in: file, place)
        let former = table.recordPlace == nil ? nil : try RecordIDs(of: file, object, objects, or: nil)
        // Of records the order alone makes the key.
        let keyPlaces = table.keyPlaces.compactMap { places[$0] }
        let order = file.metadata.column(path: ["_cdc_order"])
        var present = KeyTable(expecting: operations.count - start)
        var bytes = KeyBytes()
        let now = table.key(of: zip(table.columns, columns).map { $0.rows($1, operations.count) })
        for row in start..<operations.count where now.read(row, into: &bytes) { _ = present.number(of: bytes) }
        var rowsBefore = 0
        for group in file.metadata.rowGroups.indices {
            var rows = try file.rows(
                ofGroup: group, columns: former == nil ? keyPlaces.map(\.index) : order.map { [$0.index] } ?? [])
            while let batch = try rows.next(upTo: Self.batchRows) {
                let keys =
                    if let former {
                        [
                            former.rows(
                                ColumnRows(batch.columns[0], rowCount: batch.rowCount), batch.rowCount,
                                after: rowsBefore)
                        ]
                    } else {
                        zip(keyPlaces, batch.columns).map { ColumnRows($0.conversion($1), rowCount: batch.rowCount) }
                    }
                rowsBefore += batch.rowCount
                let former = KeyColumns(zip(table.keyPlaces, keys).map { ($1, table.columns[$0].isDecimal) })
                let named = columns.indices.map { index in table.keyPlaces.firstIndex(of: index).map { keys[$0] } }
                for row in 0..<batch.rowCount where former.read(row, into: &bytes) && !isErased(named, row) {
                    guard parts.map({ $0.part(of: row, former) == part }) ?? true else { continue }
                    guard present.find(bytes) == nil else { continue }
                    _ = present.number(of: bytes)
                    let number = operations.count
                    for index in columns.indices {
                        if let key = table.keyPlaces.firstIndex(of: index) {
                            columns[index].append(keys[key], row..<row + 1, after: number)
                        } else {
                            columns[index].appendNulls(1, after: number)
                        }
                    }
                    orders.appendNulls(1, after: number)
                    operations.append(.delete)
                    times.append(bronze.microseconds)
                    fileNumbers.append(Int32(fileOrders.count))
                }
            }
        }
    }

    /// A change names its row by the key, all but a truncate.
    private func checkKeys(from start: Int, _ place: String) throws(SilverError) {
        for column in table.keyPlaces {
            let rows = ColumnRows(columns[column], rowCount: operations.count)
            guard rows.values(of: start..<operations.count).count < operations.count - start else { continue }
            for row in start..<operations.count where operations[row] != .truncate && !rows.isPresent(row) {
                throw .bronze(
                    place: place,
                    reason: "row \(row - start) has no \(table.columns[column].name), which is part of the primary key")
            }
        }
    }

    /// The places of the table's columns in a file; nil for those that it lacks, being of another version of the contract.
    private func columnPlaces(in file: ParquetFile, _ place: String) throws(SilverError) -> [StoredColumn?] {
        var places: [StoredColumn?] = []
        for column in table.columns {
            guard column.derivation == nil, column.name != Contract.recordID || table.recordPlace == nil else {
                places.append(nil)
                continue
            }
            let field = file.metadata.fields.first { field in
                column.contractID.map { field.fieldID == $0 } ?? (field.name == column.name)
            }
            guard let field else {
                guard !column.isKey else {
                    throw .bronze(
                        place: place, reason: "it has no column \(column.name), which is part of the primary key")
                }
                places.append(nil)
                continue
            }
            let stored = file.metadata.column(path: [field.name] + (column.leaf?.path ?? []))
            guard let stored, let readable = StoredColumn(stored, to: column.type, column.leaf) else {
                let type = stored?.typeName ?? (column.leaf == nil ? "nested" : "nested in another way")
                throw .bronze(
                    place: place,
                    reason:
                        "its column \(field.name) is \(type), and the table's \(column.name) is \(column.fieldType); "
                        + "convert the raw file again: cupel replay")
            }
            places.append(readable)
        }
        return places
    }

    private func systemPlaces(in file: ParquetFile, _ place: String) throws(SilverError) -> [Int] {
        func index(_ name: String) throws(SilverError) -> Int {
            guard let column = file.metadata.column(path: [name]) else {
                throw .bronze(
                    place: place, reason: "it has no column \(name); convert the raw file again: cupel replay")
            }
            return column.index
        }
        return [
            try index(BronzeColumn.operation), try index("_cdc_timestamp"), try index("_cdc_order"),
            try index("_cdc_unchanged"), try index(BronzeColumn.previousKey),
        ]
    }
}
