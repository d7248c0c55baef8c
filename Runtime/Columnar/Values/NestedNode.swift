internal import Contracts

/// A nested type, field by field, with the levels of its values.
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
    /// Whether the contract classifies the value as a whole, so that keys of its object may be values themselves.
    let isClassified: Bool

    /// - Parameter column: of a nested type.
    convenience init(_ column: BronzeColumn) {
        // A change may lack a column that the contract requires, so each has a level for its absence.
        self.init(column, isOptional: true, definition: 0, repetition: 0, firstLeaf: 0, isClassified: false)
    }

    private init(
        _ column: BronzeColumn, isOptional: Bool, definition: UInt8, repetition: UInt8, firstLeaf: Int,
        isClassified: Bool
    ) {
        let isClassified = isClassified || column.isClassified
        let definition = definition + (isOptional ? 1 : 0)
        var children: [NestedNode] = []
        var next = firstLeaf
        switch column.type {
        case .structure(let fields):
            for field in fields {
                let child = NestedNode(
                    field, isOptional: !field.isRequired, definition: definition, repetition: repetition,
                    firstLeaf: next, isClassified: isClassified)
                next = child.leaves.upperBound
                children.append(child)
            }
            self.repetition = repetition
        case .list(let element):
            self.repetition = repetition + 1
            let child = NestedNode(
                element, isOptional: !element.isRequired, definition: definition + 1, repetition: repetition + 1,
                firstLeaf: firstLeaf,
                isClassified: isClassified)
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
        self.isClassified = isClassified
    }

    /// The types of the leaves, in their order.
    var leafTypes: [ColumnType] { children.isEmpty ? [column.type] : children.flatMap(\.leafTypes) }

    /// The definition levels of the leaves' values, in their order.
    var leafDefinitions: [UInt8] { children.isEmpty ? [definition] : children.flatMap(\.leafDefinitions) }

    /// The place that `steps` lead to: for a struct the number of the field, for a list that of the element.
    /// - Parameter withNumbers: whether the path has the elements' numbers.
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
