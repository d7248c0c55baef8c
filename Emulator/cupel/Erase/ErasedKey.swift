internal import Columns
internal import Control
internal import Iceberg
internal import JSON
internal import Lake
internal import LakeRewrite
internal import ParquetRead

/// The key whose rows are erased.
struct ErasedKey {
    struct Part {
        let field: IcebergField
        let value: IcebergValue
        let text: String
        /// The id that the contract sets for the column, which bronze has. Older files may have the column under another name.
        let bronzeID: Int32?
    }

    /// How the key's columns are found in a file.
    enum Files {
        /// The table's own have its fields' ids.
        case silver
        case bronze
        /// Others have their own ids.
        case model
    }

    /// In the order of the columns' names, in which the lists of erased keys have them.
    let parts: [Part]

    var values: [IcebergValue] { parts.map(\.value) }

    /// For the list of those who write bronze.
    var mark: String {
        ErasureMarks.mark(
            of: parts.map { part in
                switch part.value {
                case .int(let number): .integer(Int64(number))
                case .long(let number): .integer(number)
                default: .text(Array(part.text.utf8))
                }
            })
    }

    /// - Parameters:
    ///   - texts: a value for each column of the key.
    ///   - name: the table's, for messages.
    init(_ texts: [String], of metadata: TableMetadata, _ name: LakeTables.Name) throws(CommandFailure) {
        let schema = metadata.currentSchema
        // A table of versions has their order in its key.
        let fields = schema.identifierIDs.compactMap { schema.field($0) }.filter { $0.name != StateColumn.order }
        guard !fields.isEmpty, !fields.contains(where: { $0.name == "_record_id" }) else {
            throw .usage("\(name) keeps every record and has no key by which rows could be erased")
        }
        guard fields.count == texts.count else {
            throw .usage(
                "the key of \(name) is \(fields.map(\.name).joined(separator: ", ")); give --key once for each, in this order"
            )
        }
        var parts: [Part] = []
        for (field, text) in zip(fields, texts) {
            let value: IcebergValue? =
                switch field.type {
                case .int: Int32(text).map { .int($0) }
                case .long: Int64(text).map { .long($0) }
                case .string: text.isEmpty ? nil : .string(text)
                default:
                    throw .usage(
                        "the key column \(field.name) is \(field.type); keys of int, long and string are erased")
                }
            guard let value else { throw .usage("--key: \(text) is no \(field.type), which \(field.name) is") }
            parts.append(
                Part(field: field, value: value, text: text, bronzeID: Self.contractID(of: field, in: metadata)))
        }
        self.parts = parts.sorted { $0.field.name < $1.field.name }
    }

    /// The id that a contract sets for a field, as silver-merge keeps it in the table's properties.
    private static func contractID(of field: IcebergField, in metadata: TableMetadata) -> Int32? {
        let ids = metadata.properties["cupel.contract-field-ids"].flatMap { try? JSON(parsing: Array($0.utf8)) }?.object
        return ids?.first { $0.value.int == Int(field.id) }.flatMap { Int32($0.name) }
    }

    /// For the table's own files.
    var filter: RowFilter {
        RowFilter(
            conditions: parts.map {
                RowFilter.Condition(fieldID: $0.field.id, type: $0.field.type, lower: $0.value, upper: $0.value)
            })
    }

    // MARK: In files

    /// The rows of a file that have the key, by row groups.
    func rows(in file: ParquetFile, of files: Files) throws -> [Int: [Int]] {
        var places: [Int] = []
        for part in parts {
            let id: Int32? =
                switch files {
                case .silver: part.field.id
                case .bronze: part.bronzeID
                case .model: nil
                }
            let column =
                id.flatMap { file.metadata.column(fieldID: $0) } ?? file.metadata.column(path: [part.field.name])
            guard let column else { return [:] }
            places.append(column.index)
        }
        var found: [Int: [Int]] = [:]
        for group in file.metadata.rowGroups.indices {
            var reader = try file.rows(ofGroup: group, columns: places)
            var start = 0
            while let batch = try reader.next(upTo: 16_384) {
                let columns = batch.columns.map { ColumnRows($0, rowCount: batch.rowCount) }
                for row in 0..<batch.rowCount where holds(columns, row) {
                    found[group, default: []].append(start + row)
                }
                start += batch.rowCount
            }
        }
        return found
    }

    private func holds(_ columns: [ColumnRows], _ row: Int) -> Bool {
        zip(parts, columns).allSatisfy { part, column in
            guard let value = IcebergValue(column, row, part.field.type) else { return false }
            return !(value < part.value) && !(part.value < value)
        }
    }

    // MARK: In text

    /// Whether a line of text has each value of the key as a word of its own. A line may have it and be of another row: then it is
    /// found, too.
    func mayBe(in line: ArraySlice<UInt8>) -> Bool {
        parts.allSatisfy { part in
            let word = Array(part.text.utf8)
            guard line.count >= word.count else { return false }
            var start = line.startIndex
            while start <= line.endIndex - word.count {
                let end = start + word.count
                if line[start..<end].elementsEqual(word), start == line.startIndex || !Self.isWord(line[start - 1]),
                    end == line.endIndex || !Self.isWord(line[end])
                {
                    return true
                }
                start += 1
            }
            return false
        }
    }

    /// The same for a line of a quarantine file, of which numbers of lines and bytes are none of the row.
    func mayBe(inQuarantined line: ArraySlice<UInt8>) -> Bool {
        guard let row = try? JSON(parsing: Array(line)) else { return mayBe(in: line) }
        let text = ["raw_text", "message"].compactMap { row[$0]?.string }.joined(separator: "\n")
        return mayBe(in: Array(text.utf8)[...])
    }

    private static func isWord(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x80...: true
        default: false
        }
    }
}
