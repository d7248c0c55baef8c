internal import EmulatorCore
internal import JSON

/// A global or local secondary index of a table.
struct SecondaryIndex: Sendable {
    /// What of an item a reader of the index gets, beside the keys of table and index.
    enum ProjectedAttributes: Sendable {
        case all
        case keysOnly
        case include([String])
    }

    /// Unique among all tables and indexes; the store's key.
    var id: Int64
    var name: String
    var isGlobal: Bool
    var keys: KeySchema
    var projected: ProjectedAttributes

    /// - Parameter description: the wire's description of the index.
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
