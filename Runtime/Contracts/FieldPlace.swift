/// A column, or a field inside one, with its path.
public struct FieldPlace: Sendable, Hashable {
    /// The column's name, followed by the names of fields and by `[]` for the elements of a list: `orders[].price`.
    public let path: String
    public let field: BronzeColumn
    /// Whether the field is inside a list. Then it has a value for each element, not for each row.
    public let isInList: Bool
    /// Whether the contract classifies the field or a field around it, or says that its values stay readable.
    public let isClassified: Bool
}

extension BronzeColumn {
    /// The column and all fields inside it, depth first, with the outer before the inner.
    public var places: [FieldPlace] { places(at: name, isInList: false, isClassified: false) }

    /// The fields with single values, in the order of the leaves of the Parquet file.
    public var leaves: [FieldPlace] { places.filter { !$0.field.type.isNested } }

    /// The path of each masked field.
    public var maskedPlaces: [String] { places.filter { $0.field.masking != nil }.map(\.path) }

    private func places(at path: String, isInList: Bool, isClassified: Bool) -> [FieldPlace] {
        let isClassified = isClassified || classification != nil || maskingReason != nil
        let place = FieldPlace(path: path, field: self, isInList: isInList, isClassified: isClassified)
        return switch type {
        case .structure(let fields):
            [place]
                + fields.flatMap {
                    $0.places(at: "\(path).\($0.name)", isInList: isInList, isClassified: isClassified)
                }
        // The path of an element does not contain its name.
        case .list(let element): [place] + element.places(at: "\(path)[]", isInList: true, isClassified: isClassified)
        default: [place]
        }
    }

    /// The same column with maskings, by path, for fields that have none.
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
