internal import ASL
internal import Columns
internal import JSON
internal import ParquetRead

/// Puts the columns of a Parquet file together to rows, each a JSON object.
///
/// - SeeAlso: <https://github.com/apache/parquet-format/blob/master/LogicalTypes.md>
struct ParquetItems {
    private let file: ParquetFile
    private var leaves: [Leaf] = []

    /// The entries of one column in a row group, and how far they have been used.
    private struct Leaf {
        let column: FileColumn
        var definition: [UInt8] = []
        var repetition: [UInt8] = []
        var values: [JSON] = []
        var entry = 0
        var value = 0

        mutating func add(_ array: ColumnArray, rowCount: Int) {
            values += column.items(array.values)
            if let levels = array.levels {
                definition += levels.definition
                repetition += levels.repetition
                return
            }
            for row in 0..<rowCount {
                let isPresent = array.presence.map { $0[row / 64] >> UInt64(row % 64) & 1 == 1 } ?? true
                definition.append(isPresent ? column.maximumDefinition : 0)
            }
            repetition += Array(repeating: 0, count: rowCount)
        }
    }

    /// - Throws: `ParquetReadError`
    init(_ contents: [UInt8]) throws { file = try ParquetFile(reading: MemoryRanges(contents)) }

    private static let rowsPerBatch = 16_384

    consuming func items() throws -> [JSON] {
        let metadata = file.metadata
        let all = Array(metadata.columns.indices)
        var items: [JSON] = []
        for group in metadata.rowGroups.indices {
            var leaves = metadata.columns.map { Leaf(column: $0) }
            var reader = try file.rows(ofGroup: group, columns: all)
            while let batch = try reader.next(upTo: Self.rowsPerBatch) {
                for index in all { leaves[index].add(batch.columns[index], rowCount: batch.rowCount) }
            }
            self.leaves = leaves
            for _ in 0..<metadata.rowGroups[group].rowCount {
                var row = JSONObject()
                for field in metadata.fields { row[field.name] = try value(of: field, definition: 0, repetition: 0) }
                items.append(.object(row))
            }
        }
        return items
    }

    private mutating func value(of field: FileField, definition: UInt8, repetition: UInt8) throws -> JSON {
        guard let first = Self.firstLeaf(of: field), leaves[first].entry < leaves[first].definition.count else {
            throw ItemFault("The column \(field.name) has fewer values than the file has rows.")
        }
        switch field.repetition {
        case .required: return try content(of: field, definition, repetition)
        case .optional:
            guard leaves[first].definition[leaves[first].entry] > definition else { return skip(field) }
            return try content(of: field, definition + 1, repetition)
        case .repeated:
            guard leaves[first].definition[leaves[first].entry] > definition else {
                _ = skip(field)
                return []
            }
            var elements: [JSON] = []
            repeat {
                elements.append(try content(of: field, definition + 1, repetition + 1))
            } while leaves[first].entry < leaves[first].repetition.count
                && leaves[first].repetition[leaves[first].entry] == repetition + 1
            return .array(elements)
        }
    }

    private mutating func content(of field: FileField, _ definition: UInt8, _ repetition: UInt8) throws -> JSON {
        if case .column(let index) = field.content {
            guard leaves[index].entry < leaves[index].definition.count else {
                throw ItemFault("The column \(field.name) has fewer values than the file has rows.")
            }
            leaves[index].entry += 1
            guard leaves[index].value < leaves[index].values.count else {
                throw ItemFault("The column \(field.name) has fewer values than its levels say.")
            }
            leaves[index].value += 1
            return leaves[index].values[leaves[index].value - 1]
        }
        let isMap = field.meaning == .map || field.meaning == .mapEntry
        guard field.meaning == .list || isMap, field.children.count == 1 else {
            var object = JSONObject()
            for child in field.children {
                object[child.name] = try value(of: child, definition: definition, repetition: repetition)
            }
            return .object(object)
        }
        let repeated = field.children[0]
        let elements = try value(of: repeated, definition: definition, repetition: repetition)
        if isMap { return Self.map(elements.array ?? [], of: repeated) }
        guard Self.wrapsElement(repeated, of: field) else { return elements }
        return .array((elements.array ?? []).map { $0[repeated.children[0].name] ?? .null })
    }

    /// Entries whose keys are texts make an object.
    private static func map(_ entries: [JSON], of repeated: FileField) -> JSON {
        let names = repeated.children.map(\.name)
        guard names.count == 2, entries.allSatisfy({ $0[names[0]]?.string != nil }) else { return .array(entries) }
        return .object(JSONObject(entries.map { ($0[names[0]]?.string ?? "", $0[names[1]] ?? .null) }))
    }

    /// Whether the repeated group is only there for the element.
    /// - SeeAlso: <https://github.com/apache/parquet-format/blob/master/LogicalTypes.md#backward-compatibility-rules>
    private static func wrapsElement(_ repeated: FileField, of list: FileField) -> Bool {
        repeated.children.count == 1 && repeated.name != "array" && repeated.name != "\(list.name)_tuple"
    }

    private mutating func skip(_ field: FileField) -> JSON {
        if case .column(let index) = field.content { leaves[index].entry += 1 }
        for child in field.children { _ = skip(child) }
        return .null
    }

    private static func firstLeaf(of field: FileField) -> Int? {
        if case .column(let index) = field.content { return index }
        return field.children.first.flatMap { firstLeaf(of: $0) }
    }
}
