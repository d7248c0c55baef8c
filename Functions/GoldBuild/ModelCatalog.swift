internal import Contracts

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Musl
#endif

/// The models of a folder: `silver/review_flat.sql` beside `silver/review_flat.odcs.yaml` is the table dm_silver.review_flat.
struct ModelCatalog: Sendable {
    /// Each after those that it reads.
    let models: [Model]

    private static let layers = ["silver", "gold"]

    init(folder: String) throws {
        var models: [TableName: Model] = [:]
        for layer in Self.layers {
            for file in Self.files(in: "\(folder)/\(layer)") where file.hasSuffix(".sql") {
                let base = String(file.dropLast(".sql".count))
                let path = "\(layer)/\(file)"
                guard Contract.isTableName(base) else {
                    throw GoldError.model(place: path, reason: "\(base) is no name of a table")
                }
                let contractPath = "\(folder)/\(layer)/\(base).odcs.yaml"
                let name = TableName(namespace: "dm_\(layer)", table: base)
                models[name] = try Model(
                    name, path: path, sql: String(decoding: try Self.bytes(of: "\(folder)/\(path)"), as: UTF8.self),
                    contract: try Contract(contentsOf: contractPath), contractText: try Self.bytes(of: contractPath))
            }
        }
        self.models = try Self.ordered(models)
    }

    func model(named name: String) throws(GoldError) -> Model {
        guard let model = models.first(where: { "\($0.name)" == name }) else {
            throw .usage("there is no model \(name); there are \(models.map { "\($0.name)" }.joined(separator: ", "))")
        }
        return model
    }

    /// - Throws: ``GoldError/model(place:reason:)`` if models read each other in a circle.
    private static func ordered(_ models: [TableName: Model]) throws(GoldError) -> [Model] {
        var ordered: [Model] = []
        var done: Set<TableName> = []
        var waiting = models.keys.sorted()
        while !waiting.isEmpty {
            let ready = waiting.filter { name in
                models[name]?.inputs.allSatisfy { models[$0] == nil || done.contains($0) } ?? false
            }
            guard !ready.isEmpty else {
                let circle = waiting.map { "\($0)" }.joined(separator: ", ")
                throw .model(
                    place: models[waiting[0]]?.path ?? "", reason: "models read each other in a circle: \(circle)")
            }
            ordered += ready.compactMap { models[$0] }
            done.formUnion(ready)
            waiting.removeAll { done.contains($0) }
        }
        return ordered
    }

    private static func files(in folder: String) -> [String] {
        guard let stream = opendir(folder) else { return [] }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: Int(NAME_MAX) + 1) { String(cString: $0) }
            }
            names.append(name)
        }
        return names.sorted()
    }

    private static func bytes(of path: String) throws(GoldError) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .usage("\(path): \(String(cString: strerror(errno)))") }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = read(descriptor, &buffer, buffer.count)
            guard count >= 0 else { throw .usage("\(path): \(String(cString: strerror(errno)))") }
            if count == 0 { return bytes }
            bytes += buffer[..<count]
        }
    }
}
