internal import EmulatorCore
internal import JSON

/// A global or local secondary index of a table.
struct SecondaryIndex: Sendable {
    /// The attributes of an item in the index, in addition to the keys of table and index.
    enum ProjectedAttributes: Sendable {
        case all
        case keysOnly
        case include([String])
    }

    /// The ID in the store, unique among all tables and indexes.
    var id: Int64
    var name: String
    var isGlobal: Bool
    var keys: KeySchema
    var projected: ProjectedAttributes

    /// - Parameter description: the description of the index in its wire form.
    init?(id: Int64, description: JSON, definitions: JSON?, isGlobal: Bool) {
        guard let name = description["IndexName"]?.string,
            let keys = KeySchema(description["KeySchema"], definitions: definitions)
        else { return nil }
        self.id = id
        self.name = name
        self.isGlobal = isGlobal
        self.keys = keys
        projected =
            switch description["Projection"]?["ProjectionType"]?.string {
            case "KEYS_ONLY": .keysOnly
            case "INCLUDE":
                .include((description["Projection"]?["NonKeyAttributes"]?.array ?? []).compactMap(\.string))
            default: .all
            }
    }

    var projectsAll: Bool { if case .all = projected { true } else { false } }

    /// The part of `item` that the index holds.
    func part(of item: Item, tableKeys: KeySchema) -> Item {
        switch projected {
        case .all: item
        case .keysOnly: item.only(tableKeys.names + keys.names)
        case .include(let names): item.only(tableKeys.names + keys.names + names)
        }
    }
}
