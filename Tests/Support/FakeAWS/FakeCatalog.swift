internal import AWSClient
internal import JSON

/// The part of Glue's Iceberg REST catalog that the functions need. It keeps metadata documents, not files.
struct FakeCatalog {
    private var namespaces: Set<String> = []
    private var tables: [String: JSONObject] = [:]
    private var documents = 0

    static let root = "/iceberg/v1/"
    private static let prefix = "catalogs/000000000000"

    /// What a client gets in place of an answer, in the form that the catalog's specification asks for.
    static func fault(_ status: Int, _ type: String, _ message: String = "no") -> HTTPResponse {
        let error: JSON = ["message": .string(message), "type": .string(type), "code": .int(status)]
        return HTTPResponse(status: status, body: JSON.object(["error": error]).bytes)
    }

    mutating func perform(_ request: HTTPRequest) -> HTTPResponse {
        let path = String(request.path.dropFirst(Self.root.count))
        if path == "config" {
            return Self.answer(["defaults": [:], "overrides": ["prefix": .string(Self.prefix)]])
        }
        let parts = path.dropFirst(Self.prefix.count).split(separator: "/").map(String.init)
        let input = (try? JSON(parsing: request.body)) ?? [:]
        switch (request.method, parts.count) {
        case (.post, 1):
            let name = input["namespace"]?.array?.first?.string ?? ""
            guard namespaces.insert(name).inserted else { return Self.fault(409, "AlreadyExistsException") }
            return Self.answer(["namespace": [.string(name)], "properties": [:]])
        case (.post, 3): return create(input, in: parts[1])
        case (.get, 3):
            let names = tables.keys.filter { $0.hasPrefix("\(parts[1]).") }.sorted()
            return Self.answer([
                "identifiers": .array(
                    names.map { name in
                        let table = String(name.dropFirst(parts[1].utf8.count + 1))
                        return ["namespace": [.string(parts[1])], "name": .string(table)]
                    })
            ])
        case (.get, 4):
            return load("\(parts[1]).\(parts[3])", isWhole: request.queryValue("snapshots") != "refs")
        case (.post, 4): return commit(input, to: "\(parts[1]).\(parts[3])")
        default: return Self.fault(404, "NoSuchEndpoint", "\(request.method.rawValue) \(request.path)")
        }
    }

    private static func answer(_ body: JSONObject) -> HTTPResponse {
        HTTPResponse(status: 200, body: JSON.object(body).bytes)
    }

    /// - Parameter isWhole: false for the current snapshot alone.
    private func load(_ table: String, isWhole: Bool = true) -> HTTPResponse {
        guard var metadata = tables[table] else { return Self.fault(404, "NoSuchTableException") }
        if !isWhole {
            let current = metadata["snapshots"]?.array?.filter { $0["snapshot-id"] == metadata["current-snapshot-id"] }
            metadata["snapshots"] = .array(current ?? [])
        }
        return Self.answer(["metadata-location": .string("\(documents).json"), "metadata": .object(metadata)])
    }

    private mutating func create(_ input: JSON, in namespace: String) -> HTTPResponse {
        guard namespaces.contains(namespace) else { return Self.fault(404, "NoSuchNamespaceException") }
        let name = "\(namespace).\(input["name"]?.string ?? "")"
        guard tables[name] == nil else { return Self.fault(409, "AlreadyExistsException") }
        documents += 1
        let schema = input["schema"] ?? [:]
        tables[name] = [
            "format-version": 2, "table-uuid": .string("table-\(documents)"), "location": input["location"] ?? "",
            "last-sequence-number": 0, "last-column-id": .int(Self.lastID(of: schema)), "schemas": [schema],
            "current-schema-id": 0, "partition-specs": [input["partition-spec"] ?? ["spec-id": 0, "fields": []]],
            "default-spec-id": 0, "snapshots": [], "refs": [:], "properties": input["properties"] ?? [:],
        ]
        return load(name)
    }

    private mutating func commit(_ input: JSON, to table: String) -> HTTPResponse {
        guard var metadata = tables[table] else { return Self.fault(404, "NoSuchTableException") }
        for requirement in input["requirements"]?.array ?? [] where !Self.holds(requirement, metadata) {
            return Self.fault(409, "CommitFailedException", "\(requirement)")
        }
        for update in input["updates"]?.array ?? [] {
            guard Self.apply(update, to: &metadata) else { return Self.fault(400, "BadRequestException", "\(update)") }
        }
        documents += 1
        tables[table] = metadata
        return load(table)
    }

    private static func holds(_ requirement: JSON, _ metadata: JSONObject) -> Bool {
        switch requirement["type"]?.string {
        case "assert-table-uuid": requirement["uuid"] == metadata["table-uuid"]
        case "assert-ref-snapshot-id":
            (requirement["snapshot-id"] ?? .null) == (metadata["refs"]?["main"]?["snapshot-id"] ?? .null)
        case "assert-current-schema-id": requirement["current-schema-id"] == metadata["current-schema-id"]
        case "assert-last-assigned-field-id": requirement["last-assigned-field-id"] == metadata["last-column-id"]
        case "assert-default-spec-id": requirement["default-spec-id"] == metadata["default-spec-id"]
        default: false
        }
    }

    private static func apply(_ update: JSON, to metadata: inout JSONObject) -> Bool {
        func append(_ value: JSON?, to list: String) {
            metadata[list] = .array((metadata[list]?.array ?? []) + [value ?? .null])
        }
        switch update["action"]?.string {
        case "add-snapshot":
            append(update["snapshot"], to: "snapshots")
            metadata["last-sequence-number"] = update["snapshot"]?["sequence-number"]
        case "set-snapshot-ref":
            metadata["current-snapshot-id"] = update["snapshot-id"]
            metadata["refs"] = ["main": ["type": "branch", "snapshot-id": update["snapshot-id"] ?? .null]]
        case "remove-snapshots":
            let gone = update["snapshot-ids"]?.array ?? []
            guard !gone.contains(metadata["current-snapshot-id"] ?? .null) else { return false }
            metadata["snapshots"] = .array(
                (metadata["snapshots"]?.array ?? []).filter { !gone.contains($0["snapshot-id"] ?? .null) })
        case "set-properties":
            var properties = metadata["properties"]?.object ?? [:]
            for (name, value) in update["updates"]?.object ?? [:] { properties[name] = value }
            metadata["properties"] = .object(properties)
        case "remove-properties":
            var properties = metadata["properties"]?.object ?? [:]
            for name in update["removals"]?.array ?? [] { properties[name.string ?? ""] = nil }
            metadata["properties"] = .object(properties)
        case "add-schema":
            let schema = update["schema"] ?? [:]
            append(schema, to: "schemas")
            metadata["last-column-id"] = .int(max(metadata["last-column-id"]?.int ?? 0, lastID(of: schema)))
        case "set-current-schema":
            let isLast = update["schema-id"]?.int == -1
            metadata["current-schema-id"] =
                isLast ? metadata["schemas"]?.array?.last?["schema-id"] : update["schema-id"]
        default: return false
        }
        return true
    }

    /// The largest id of a field, element, key or value.
    private static func lastID(of type: JSON) -> Int {
        let own = ["id", "element-id", "key-id", "value-id"].compactMap { type[$0]?.int }
        let inner = ["type", "element", "key", "value"].compactMap { type[$0] } + (type["fields"]?.array ?? [])
        return (own + inner.map { lastID(of: $0) }).max() ?? 0
    }
}
