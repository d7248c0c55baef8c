internal import Columns
internal import Contracts

/// The place in batches that a rule measures: a column, or a field inside one.
struct MeasuredPlace {
    let type: ColumnType
    /// Elements that were counted, where a list leads to the place; nil where it has a value a row.
    private(set) var elementCount: Int?
    private let column: Int
    /// The first leaf of the place. Its levels say for all leaves whether the place has a value.
    private let leaf: Int
    /// Nil for a column of single values, which has presence bits.
    private let levels: Levels?

    private struct Levels {
        /// The lowest definition level at which the place has a value.
        let definition: UInt8
        /// Entries at higher repetition levels continue a list inside the place.
        let repetition: UInt8
        /// The lowest definition level at which the innermost list around the place has an element.
        let listDefinition: UInt8

        init(_ node: NestedNode, list: NestedNode?) {
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
            if column.type.isNested {
                let (node, list) = NestedNode(column).withLists[place]
                leaf = node.leaves.lowerBound
                levels = Levels(node, list: list)
            } else {
                leaf = 0
                levels = nil
            }
            return
        }
        return nil
    }

    /// The values of a place of single values, in a column or a leaf of one.
    func values(in batch: borrowing RecordBatch) -> ColumnValues {
        batch.columns[column].leaves[leaf].values
    }

    /// One bit a row, 1 where there is a value; nil if every row has one. The place is not inside a list.
    func presence(in batch: borrowing RecordBatch) -> [UInt64]? {
        let array = batch.columns[column].leaves[leaf]
        guard let levels, let held = array.levels else { return array.presence }
        var bits = [UInt64](repeating: 0, count: (batch.rowCount + 63) / 64)
        for (row, level) in held.definition.enumerated() where level >= levels.definition {
            bits[row >> 6] |= 1 << (row & 63)
        }
        return bits
    }

    /// Counts rows, or elements of the list around, that have no value here; and how many elements there are.
    mutating func countNulls(in batch: borrowing RecordBatch) -> Int {
        let array = batch.columns[column].leaves[leaf]
        guard let levels, let held = array.levels else {
            guard let presence = array.presence else { return 0 }
            return batch.rowCount - presence.reduce(0) { $0 + $1.nonzeroBitCount }
        }
        var (nulls, elements) = (0, 0)
        for (definition, repetition) in zip(held.definition, held.repetition)
        where repetition <= levels.repetition && definition >= levels.listDefinition {
            elements += 1
            nulls += definition < levels.definition ? 1 : 0
        }
        elementCount = elementCount.map { $0 + elements }
        return nulls
    }
}

extension MeasuredPlace {
    /// Counts nulls of inserts: other changes may lack a value that has not changed. In a list every element counts.
    /// - Parameter operations: the batch's column of that name.
    mutating func countNulls(in batch: borrowing RecordBatch, operations: RecordBatch.Column) -> Int {
        let nulls = countNulls(in: batch)
        guard nulls > 0, elementCount == nil, let changes = operations.changes(rows: batch.rowCount),
            let presence = presence(in: batch)
        else { return nulls }
        return nulls - changes.count { presence[$0 >> 6] >> ($0 & 63) & 1 == 0 }
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
