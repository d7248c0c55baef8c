import Columns
import JSON
import Parquet
import ParquetRead

/// Puts the leaves of a file together to rows, as the format describes it, in the canonical form of `rows.py`.
struct RowAssembler {
    private let metadata: ParquetMetadata
    private var leaves: [Leaf]

    /// The entries of one leaf in all row groups.
    private struct Leaf {
        var definition: [UInt8] = []
        var repetition: [UInt8] = []
        var cells: [[UInt8]] = []
        var entry = 0
        var cell = 0
    }

    init(_ file: ParquetFile, upTo limit: Int) throws {
        metadata = file.metadata
        leaves = zip(metadata.columns, try file.everything(upTo: limit)).map { column, arrays in
            var leaf = Leaf()
            for (array, rowCount) in arrays {
                leaf.cells += array.values.cells
                if let levels = array.levels {
                    leaf.definition += levels.definition
                    leaf.repetition += levels.repetition
                } else {
                    leaf.definition += array.cells(rowCount: rowCount).map {
                        $0 == nil ? 0 : column.maximumDefinition
                    }
                    leaf.repetition += Array(repeating: 0, count: rowCount)
                }
            }
            return leaf
        }
    }

    /// The values of each row of the fields of the table.
    mutating func rows() -> JSONObject {
        var columns = JSONObject()
        for field in metadata.fields {
            columns[field.name] = .array(
                (0..<metadata.rowCount).map { _ in value(of: field, definition: 0, repetition: 0) })
        }
        return columns
    }

    /// Whether all entries and values have been used.
    var isAtEnd: Bool {
        leaves.allSatisfy { $0.entry == $0.definition.count && $0.cell == $0.cells.count }
    }

    private mutating func value(of field: FileField, definition: UInt8, repetition: UInt8) -> JSON {
        switch field.repetition {
        case .required: return content(of: field, definition, repetition)
        case .optional:
            guard self.definition(of: field) > definition else { return skip(field) }
            return content(of: field, definition + 1, repetition)
        case .repeated:
            guard self.definition(of: field) > definition else {
                _ = skip(field)
                return []
            }
            var items: [JSON] = []
            repeat {
                items.append(content(of: field, definition + 1, repetition + 1))
            } while self.repetition(of: field)
                == repetition + 1
            return .array(items)
        }
    }

    private mutating func content(of field: FileField, _ definition: UInt8, _ repetition: UInt8) -> JSON {
        if case .column(let index) = field.content {
            let cell = leaves[index].cells[leaves[index].cell]
            leaves[index].entry += 1
            leaves[index].cell += 1
            return metadata.columns[index].canonical(cell)
        }
        if field.meaning == .list || field.meaning == .map || field.meaning == .mapEntry, field.children.count == 1 {
            let repeated = field.children[0]
            var items = value(of: repeated, definition: definition, repetition: repetition)
            if field.meaning == .list, Self.hasElement(repeated, of: field) {
                items = .array((items.array ?? []).map { $0[repeated.children[0].name] ?? .null })
            } else if field.meaning != .list {
                let names = repeated.children.map(\.name)
                items = .array(
                    (items.array ?? []).map {
                        ["key": $0[names[0]] ?? .null, "value": names.count > 1 ? $0[names[1]] ?? .null : .null]
                    })
            }
            return items
        }
        var object = JSONObject()
        for child in field.children {
            object[child.name] = value(of: child, definition: definition, repetition: repetition)
        }
        return .object(object)
    }

    /// Whether the repeated group only wraps the element.
    /// - SeeAlso: <https://github.com/apache/parquet-format/blob/master/LogicalTypes.md#backward-compatibility-rules>
    private static func hasElement(_ repeated: FileField, of list: FileField) -> Bool {
        repeated.children.count == 1 && repeated.name != "array" && repeated.name != "\(list.name)_tuple"
    }

    private mutating func skip(_ field: FileField) -> JSON {
        if case .column(let index) = field.content { leaves[index].entry += 1 }
        for child in field.children { _ = skip(child) }
        return .null
    }

    private func definition(of field: FileField) -> UInt8 {
        let leaf = leaves[firstLeaf(of: field)]
        return leaf.definition[leaf.entry]
    }

    /// 0 behind the last entry.
    private func repetition(of field: FileField) -> UInt8 {
        let leaf = leaves[firstLeaf(of: field)]
        return leaf.entry < leaf.repetition.count ? leaf.repetition[leaf.entry] : 0
    }

    private func firstLeaf(of field: FileField) -> Int {
        if case .column(let index) = field.content { index } else { firstLeaf(of: field.children[0]) }
    }
}
