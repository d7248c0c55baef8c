internal import Contracts

/// Where in batches the values are that a rule is about: a column, or a field inside one.
struct MeasuredPlace {
    let type: ColumnType
    /// Elements that were counted, where a list leads to the place; nil where it has a value a row.
    private(set) var elementCount: Int?
    private let column: Int
    /// The field inside the column; nil for the column itself.
    private let field: Field?

    private struct Field {
        /// The first of its leaves, which tells of all of them whether the field is there.
        let leaf: Int
        /// The definition level from which it is there.
        let definition: UInt8
        /// Entries at greater repetition levels go on with a list inside the field.
        let repetition: UInt8
        /// The definition level from which the innermost list around it has an element.
        let listDefinition: UInt8

        init(_ node: NestedNode, list: NestedNode?) {
            leaf = node.leaves.lowerBound
            definition = node.definition
            repetition = list?.repetition ?? 0
            listDefinition = list.map { $0.definition + 1 } ?? 0
        }
    }

    /// - Parameter path: as rules have it; nil is returned for one that is in no column.
    init?(_ path: String, in columns: [BronzeColumn]) {
        for (index, column) in columns.enumerated() {
            guard let place = column.places.firstIndex(where: { $0.path == path }) else { continue }
            let found = column.places[place]
            self.column = index
            type = found.field.type
            elementCount = found.isInList ? 0 : nil
            if place == 0 {
                field = nil
            } else {
                let (node, list) = NestedNode(column).withLists[place]
                field = Field(node, list: list)
            }
            return
        }
        return nil
    }

    /// The values of a place of single values, in a column or a leaf of one.
    func values(in batch: borrowing ColumnBatch) -> ColumnBatch.Values {
        guard let field, case .nested(let nested) = batch.columns[column].values else {
            return batch.columns[column].values
        }
        return nested.leaves[field.leaf].values
    }

    /// One bit a row, 1 where there is a value; nil if every row has one. There is no list around the place.
    func presence(in batch: borrowing ColumnBatch) -> [UInt64]? {
        guard let field, case .nested(let nested) = batch.columns[column].values else {
            return batch.columns[column].presence
        }
        var bits = [UInt64](repeating: 0, count: (batch.rowCount + 63) / 64)
        for (row, level) in nested.leaves[field.leaf].definitionLevels.enumerated() where level >= field.definition {
            bits[row >> 6] |= 1 << (row & 63)
        }
        return bits
    }

    /// Counts rows, or elements of the list around, that have no value here; and how many elements there are.
    mutating func countNulls(in batch: borrowing ColumnBatch) -> Int {
        guard let field, case .nested(let nested) = batch.columns[column].values else {
            guard let presence = batch.columns[column].presence else { return 0 }
            return batch.rowCount - presence.reduce(0) { $0 + $1.nonzeroBitCount }
        }
        let leaf = nested.leaves[field.leaf]
        var (nulls, elements) = (0, 0)
        for (definition, repetition) in zip(leaf.definitionLevels, leaf.repetitionLevels)
        where repetition <= field.repetition && definition >= field.listDefinition {
            elements += 1
            nulls += definition < field.definition ? 1 : 0
        }
        elementCount = elementCount.map { $0 + elements }
        return nulls
    }
}

extension NestedNode {
    /// The node and all inside it, in the order of ``BronzeColumn/places``, each with the innermost list around it.
    fileprivate var withLists: [(node: NestedNode, list: NestedNode?)] { withLists(inside: nil) }

    private func withLists(inside list: NestedNode?) -> [(node: NestedNode, list: NestedNode?)] {
        let inner = if case .list = column.type { self } else { list }
        return [(self, list)] + children.flatMap { $0.withLists(inside: inner) }
    }
}
