public import Contracts

extension ColumnBatch {
    /// The values of a struct or list column, each leaf by itself, as Parquet keeps them.
    /// - SeeAlso: <https://github.com/apache/parquet-format/blob/master/README.md#nested-encoding>
    public struct NestedValues: Sendable, Hashable {
        /// Rows whose struct or list is not null.
        public internal(set) var count = 0
        /// In the order of the type's fields, depth first.
        public internal(set) var leaves: [Leaf]

        init(_ node: NestedNode) {
            leaves = node.leafTypes.map(Leaf.init)
        }

        /// Adds rows without a struct or list.
        mutating func appendNulls(_ rows: Int) {
            for index in leaves.indices {
                for _ in 0..<rows { leaves[index].appendLevels(repetition: 0, definition: 0) }
            }
        }

        mutating func removeAll() {
            count = 0
            for index in leaves.indices { leaves[index].truncate(to: Leaf.Mark()) }
        }
    }

    /// The single values at one place of a nested type.
    ///
    /// A row has one entry, and a list of more than one element one for each. An entry is a value, a null, or an empty
    /// list, as its definition level says.
    public struct Leaf: Sendable, Hashable {
        public let type: ColumnType
        /// The values that are not null, dense.
        public internal(set) var values: Values
        /// How many of the optional and repeated fields that lead to the entry are there; the most means a value.
        public internal(set) var definitionLevels: [UInt8] = []
        /// At which of the lists that lead to the entry it goes on; 0 begins a row.
        public internal(set) var repetitionLevels: [UInt8] = []

        init(_ type: ColumnType) {
            self.type = type
            values = Values(for: type)
        }

        struct Mark {
            var values = 0
            var entries = 0
        }

        var mark: Mark { Mark(values: values.count, entries: definitionLevels.count) }

        mutating func truncate(to mark: Mark) {
            values.truncate(to: mark.values)
            definitionLevels.removeSubrange(mark.entries...)
            repetitionLevels.removeSubrange(mark.entries...)
        }

        mutating func appendLevels(repetition: UInt8, definition: UInt8) {
            repetitionLevels.append(repetition)
            definitionLevels.append(definition)
        }
    }
}

/// A nested type, field by field, with the levels that its values have.
final class NestedNode: Sendable {
    let column: BronzeColumn
    /// The names of a struct's fields.
    let names: [[UInt8]]
    /// A struct's fields, a list's element, nothing for a single value.
    let children: [NestedNode]
    /// The definition level of a value that is there; of a list, when it is empty.
    let definition: UInt8
    /// The repetition level of a list's elements but the first; of other values, that of the list around them.
    let repetition: UInt8
    /// The places of the node's leaves among those of the column.
    let leaves: Range<Int>
    /// Whether a value inside is masked, so that its text must not be shown.
    let isHidden: Bool

    /// - Parameter column: of a nested type.
    convenience init(_ column: BronzeColumn) {
        self.init(column, definition: 0, repetition: 0, firstLeaf: 0)
    }

    private init(_ column: BronzeColumn, definition: UInt8, repetition: UInt8, firstLeaf: Int) {
        let definition = definition + (column.isRequired ? 0 : 1)
        var children: [NestedNode] = []
        var next = firstLeaf
        switch column.type {
        case .structure(let fields):
            for field in fields {
                let child = NestedNode(field, definition: definition, repetition: repetition, firstLeaf: next)
                next = child.leaves.upperBound
                children.append(child)
            }
            self.repetition = repetition
        case .list(let element):
            self.repetition = repetition + 1
            let child = NestedNode(
                element, definition: definition + 1, repetition: repetition + 1, firstLeaf: firstLeaf)
            next = child.leaves.upperBound
            children.append(child)
        default:
            self.repetition = repetition
            next = firstLeaf + 1
        }
        self.column = column
        self.definition = definition
        self.children = children
        names = children.map { Array($0.column.name.utf8) }
        leaves = firstLeaf..<next
        isHidden = !column.maskedPlaces.isEmpty
    }

    /// The types of the leaves, in their order.
    var leafTypes: [ColumnType] { children.isEmpty ? [column.type] : children.flatMap(\.leafTypes) }

    /// The place that `steps` lead to: for a struct the number of the field, for a list that of the element.
    /// - Parameter withNumbers: whether the elements' numbers are told.
    func path(_ steps: [Int], withNumbers: Bool) -> String {
        var node = self
        var text = column.path.joined(separator: ".")
        for step in steps {
            if case .list = node.column.type {
                text += withNumbers ? "[\(step)]" : "[]"
                node = node.children[0]
            } else {
                node = node.children[step]
                text += ".\(node.column.name)"
            }
        }
        return text
    }
}
