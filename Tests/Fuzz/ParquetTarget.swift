import Columns
import Parquet
import ParquetRead

/// A file of any bytes is read or refused, and the same whatever number of rows, texts and bytes is taken at a time.
/// What indexes and filters say is about rows that exist.
struct ParquetTarget: FuzzTarget {
    /// A small file may claim any number of rows.
    private static let rowLimit = 5000

    func take(_ bytes: [UInt8]) throws {
        let file: ParquetFile
        do { file = try open(bytes) { _ in } } catch { return }
        let whole = content(of: file, upTo: 1000)
        let step = 1 + (bytes.count * 7919) % 400
        let sameFile = try open(bytes) { options in
            options.fetchSize = 1 + bytes.count % 100
            options.batchTextLimit = 1 + bytes.count % 200
        }
        let pieces = content(of: sameFile, upTo: step)
        require((whole == nil) == (pieces == nil), "read with \(whole == nil ? step : 1000) rows at a time only")
        if let whole, let pieces { require(whole == pieces, "other values with \(step) rows at a time") }
        for group in file.metadata.rowGroups.indices.prefix(20) {
            for column in file.metadata.columns.indices.prefix(20) {
                look(at: column, inGroup: group, of: file)
            }
            _ = try? file.rawRowGroup(group)
        }
    }

    private func open(_ bytes: [UInt8], _ change: (inout ReadOptions) -> Void) throws -> ParquetFile {
        var options = ReadOptions()
        options.verifiesChecksums = false
        options.pageSizeLimit = 1 << 20
        options.batchSizeLimit = 8 << 20
        change(&options)
        do { return try ParquetFile(reading: MemoryRanges(bytes), options) } catch let error as ParquetReadError {
            if case .misuse = error { fatal("\(error)") }
            throw error
        }
    }

    /// Of each column of each row group: what its values, and which rows they belong to, hash to; nil where it is broken. A
    /// hash is the same whatever the batches are.
    private func content(of file: ParquetFile, upTo limit: Int) -> [[Int]]? {
        var groups: [[Int]] = []
        for (group, metadata) in file.metadata.rowGroups.enumerated().prefix(20) {
            var hashes: [Int] = []
            for column in file.metadata.columns.indices.prefix(20) {
                var hasher = ContentHash()
                do {
                    var rows = try file.rows(ofGroup: group, columns: [column])
                    var left = min(metadata.rowCount, Self.rowLimit)
                    while left > 0, let batch = try rows.next(upTo: min(left, limit)) {
                        left -= batch.rowCount
                        hasher.combine(batch.columns[0], rowCount: batch.rowCount)
                    }
                } catch is ParquetReadError { return nil } catch { fatal("\(error)") }
                hashes.append(hasher.value)
            }
            groups.append(hashes)
        }
        return groups
    }

    private func look(at column: Int, inGroup group: Int, of file: ParquetFile) {
        let leaf = file.metadata.columns[column]
        let bounds = leaf.bounds(file.metadata.rowGroups[group].chunks[column])
        let filter = ValueFilter(anyOf: [bounds.lower, bounds.upper].compactMap { $0 })
        if let rows = try? file.rows(matching: filter, column: column, inGroup: group) {
            let rowCount = file.metadata.rowGroups[group].rowCount
            require(
                rows.allSatisfy { $0.lowerBound >= 0 && $0.upperBound <= rowCount && !$0.isEmpty },
                "rows \(rows) of \(rowCount)")
            require(
                zip(rows, rows.dropFirst()).allSatisfy { $0.upperBound < $1.lowerBound }, "rows \(rows) out of order")
        }
        let rowCount = min(file.metadata.rowGroups[group].rowCount, Self.rowLimit)
        let some = [rowCount / 5..<rowCount / 4, rowCount / 2..<(rowCount + 1) / 2, rowCount - rowCount / 3..<rowCount]
        if var rows = try? file.rows(ofGroup: group, columns: [column], rows: some) {
            while let batch = try? rows.next(upTo: 9) {
                require(some.contains { $0.contains(batch.firstRow) }, "row \(batch.firstRow) was not wanted")
            }
        }
        if let filter = try? file.bloomFilter(of: column, inGroup: group) {
            _ = filter.mayContain(0x1234_5678_9ABC_DEF0)
        }
    }
}

/// FNV over values and presence, each in a hash of its own, since batches interleave them as they come.
private struct ContentHash {
    private var values: UInt64 = 0xCBF2_9CE4_8422_2325
    private var places: UInt64 = 0xCBF2_9CE4_8422_2325

    var value: Int { Int(truncatingIfNeeded: values ^ places &* 31) }

    mutating func combine(_ array: ColumnArray, rowCount: Int) {
        if let levels = array.levels {
            require(levels.definition.count == levels.repetition.count, "levels of two lengths")
            for (definition, repetition) in zip(levels.definition, levels.repetition) {
                add(UInt64(definition) << 8 | UInt64(repetition), to: &places)
            }
        } else {
            var present = 0
            for row in 0..<rowCount {
                let bit = array.presence.map { $0[row / 64] >> UInt64(row % 64) & 1 } ?? 1
                present += Int(bit)
                add(bit, to: &places)
            }
            require(present == array.values.count, "\(array.values.count) values for \(present) present rows")
        }
        switch array.values {
        case .boolean(let array): combine(array)
        case .int32(let array): combine(array)
        case .int64(let array): combine(array)
        case .float(let array): combine(array)
        case .double(let array): combine(array)
        case .fixedLengthByteArray(let array, _): combine(array)
        case .byteArray(let texts):
            for index in 0..<texts.count {
                add(UInt64(texts[index].count), to: &values)
                for byte in texts[index] { add(UInt64(byte), to: &values) }
            }
        }
    }

    private mutating func combine<Value>(_ array: [Value]) {
        array.withUnsafeBytes { for byte in $0 { add(UInt64(byte), to: &values) } }
    }

    private func add(_ number: UInt64, to hash: inout UInt64) { hash = (hash ^ number) &* 0x100_0000_01B3 }
}
