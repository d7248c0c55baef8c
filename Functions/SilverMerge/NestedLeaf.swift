internal import Iceberg
internal import Parquet

/// A column of single values inside structs and lists. Silver merges such a column with the others of its field: a change
/// carries all of them or none.
struct NestedLeaf: Sendable, Hashable {
    /// From the field on, by Parquet's names.
    let path: [String]
    let type: IcebergType
    /// The levels of a value, which are the same in bronze and silver.
    let maximumDefinition: UInt8
    let maximumRepetition: UInt8
    /// Its number in the field.
    let number: Int
}

extension IcebergType {
    /// The columns of single values of an optional field of this type.
    var leaves: [NestedLeaf] {
        var leaves: [NestedLeaf] = []
        collect([], 1, 0, into: &leaves)
        return leaves
    }

    private func collect(
        _ path: [String], _ definition: UInt8, _ repetition: UInt8, into leaves: inout [NestedLeaf]
    ) {
        switch self {
        case .structure(let fields):
            for field in fields {
                field.type.collect(
                    path + [field.name], definition + (field.isRequired ? 0 : 1), repetition, into: &leaves)
            }
        case .list(_, let element, let isRequired):
            element.collect(
                path + ["list", "element"], definition + (isRequired ? 1 : 2), repetition + 1, into: &leaves)
        default:
            leaves.append(
                NestedLeaf(
                    path: path, type: self, maximumDefinition: definition, maximumRepetition: repetition,
                    number: leaves.count))
        }
    }

    /// The ids of the columns of single values; `own` is that of the field.
    func leafIDs(own: Int32) -> [Int32] {
        switch self {
        case .structure(let fields): fields.flatMap { $0.type.leafIDs(own: $0.id) }
        case .list(let id, let element, _): element.leafIDs(own: id)
        default: [own]
        }
    }

    /// The type with ids for all that is in it, the next ones after `last`.
    func numbered(after last: inout Int32) -> IcebergType {
        switch self {
        case .structure(let fields):
            var numbered: [IcebergField] = []
            for field in fields {
                last += 1
                let id = last
                numbered.append(
                    IcebergField(
                        id: id, name: field.name, isRequired: field.isRequired, type: field.type.numbered(after: &last),
                        documentation: field.documentation))
            }
            return .structure(numbered)
        case .list(_, let element, let isRequired):
            last += 1
            let id = last
            return .list(elementID: id, element: element.numbered(after: &last), isRequired: isRequired)
        default: return self
        }
    }
}
