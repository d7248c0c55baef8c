/// A column, or a field inside one, and where it is.
public struct FieldPlace: Sendable, Hashable {
    /// The column's name; behind it the names of fields, and `[]` for the elements of a list: `orders[].price`.
    public let path: String
    public let field: BronzeColumn
    /// Whether a list leads to it: then it has a value for each element, not for each row.
    public let isInList: Bool
    /// Whether the contract classifies it or something around it.
    public let isClassified: Bool
}

extension BronzeColumn {
    /// The column and all fields inside it, depth first, those around others before them.
    public var places: [FieldPlace] { places(at: name, isInList: false, isClassified: false) }

    /// The places of single values, in the order of the leaves of the Parquet file.
    public var leaves: [FieldPlace] { places.filter { !$0.field.type.isNested } }

    /// The place of each masked value.
    public var maskedPlaces: [String] { places.filter { $0.field.masking != nil }.map(\.path) }

    private func places(at path: String, isInList: Bool, isClassified: Bool) -> [FieldPlace] {
        let isClassified = isClassified || classification != nil
        let place = FieldPlace(path: path, field: self, isInList: isInList, isClassified: isClassified)
        return switch type {
        case .structure(let fields):
            [place]
                + fields.flatMap {
                    $0.places(at: "\(path).\($0.name)", isInList: isInList, isClassified: isClassified)
                }
        // The element's own name is nobody's key.
        case .list(let element): [place] + element.places(at: "\(path)[]", isInList: true, isClassified: isClassified)
        default: [place]
        }
    }

    /// The same column; single values at these places are masked, unless they are in another way.
    func masking(_ maskings: [String: Contract.Masking]) -> BronzeColumn {
        maskings.isEmpty ? self : masking(maskings, at: name)
    }

    private func masking(_ maskings: [String: Contract.Masking], at path: String) -> BronzeColumn {
        var column = self
        switch type {
        case .structure(let fields):
            column.type = .structure(fields.map { $0.masking(maskings, at: "\(path).\($0.name)") })
        case .list(let element): column.type = .list(element: element.masking(maskings, at: "\(path)[]"))
        default: column.masking = masking ?? maskings[path]
        }
        return column
    }
}
