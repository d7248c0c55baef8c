internal import JSON

/// Which models read which tables and columns, as the models that come with cupel say.
struct ModelReaders {
    struct Model {
        let name: String
        let lineage: JSON
    }

    let models: [Model]

    /// Models whose columns nobody has described are left out.
    static func all() -> ModelReaders {
        guard let folder = try? Installation.folder("models"), let names = try? ModelSource.names(in: folder) else {
            return ModelReaders(models: [])
        }
        return ModelReaders(
            models: names.sorted().compactMap { name in
                guard let source = try? ModelSource(name, in: folder), let text = source.lineage,
                    let lineage = try? JSON(parsing: text)
                else { return nil }
                return Model(name: name, lineage: lineage)
            })
    }

    /// The models that read a table, and those that read them.
    func readers(of table: String) -> Set<String> {
        var found: Set<String> = [], wanted: Set<String> = [table]
        while !wanted.isEmpty {
            let next = Set(models.filter { !$0.tables.isDisjoint(with: wanted) }.map(\.name)).subtracting(found)
            found.formUnion(next)
            wanted = next
        }
        return found
    }
}

extension ModelReaders.Model {
    /// The tables that the model reads.
    var tables: Set<String> {
        let columns = (lineage["columns"]?.object ?? [:]).flatMap { $0.value.array ?? [] }
        return Set((columns + (lineage["rows"]?.array ?? [])).compactMap { $0[0]?.string })
    }

    var document: JSON {
        func sources(_ list: [JSON]) -> JSON {
            .array(
                list.map {
                    ["table": $0[0] ?? .null, "column": $0[1] ?? .null, "kind": $0[2] ?? .null]
                })
        }
        let columns = (lineage["columns"]?.object ?? [:]).map { ($0.name, sources($0.value.array ?? [])) }
        return [
            "table": .string(name), "columns": .object(JSONObject(columns)),
            "rows": sources(lineage["rows"]?.array ?? []),
        ]
    }
}
