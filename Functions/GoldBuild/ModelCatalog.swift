internal import Contracts

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Musl
#endif

/// The models of a folder: `silver/review_flat.sql` beside `silver/review_flat.odcs.yaml` is the table dm_silver.review_flat.
///
/// A model that cannot be read is an error when it is asked for, and holds up no other.
struct ModelCatalog: Sendable {
    /// All of them: a level reads only what the levels before it make. Models that cannot be read come first.
    let levels: [[TableName]]
    private let models: [TableName: Model]
    private let failures: [TableName: GoldError]

    private static let layers = ["silver", "gold"]

    init(folder: String) {
        var models: [TableName: Model] = [:]
        var failures: [TableName: GoldError] = [:]
        for layer in Self.layers {
            for file in Self.files(in: "\(folder)/\(layer)") where file.hasSuffix(".sql") {
                let name = TableName(namespace: "dm_\(layer)", table: String(file.dropLast(".sql".count)))
                do {
                    models[name] = try Self.model(name, at: "\(layer)/\(file)", in: folder)
                } catch let error as GoldError {
                    failures[name] = error
                } catch {
                    failures[name] = .model(place: "\(layer)/\(file)", reason: "\(error)")
                }
            }
        }
        var levels = failures.isEmpty ? [] : [failures.keys.sorted()]
        var waiting = models.keys.sorted()
        while !waiting.isEmpty {
            let ready = waiting.filter { name in
                models[name]?.inputs.allSatisfy { models[$0] == nil || levels.joined().contains($0) } ?? false
            }
            guard !ready.isEmpty else {
                // What is left reads itself, or what does.
                let circle = waiting.map { "\($0)" }.joined(separator: ", ")
                for name in waiting {
                    let path = models.removeValue(forKey: name)?.path ?? ""
                    failures[name] = .model(place: path, reason: "models read each other in a circle: \(circle)")
                }
                levels.append(waiting)
                break
            }
            levels.append(ready)
            waiting.removeAll { ready.contains($0) }
        }
        self.levels = levels
        self.models = models
        self.failures = failures
    }

    /// All of them, each after those that it reads.
    var names: [TableName] { levels.flatMap(\.self) }

    func model(named text: String) throws(GoldError) -> Model {
        guard let name = names.first(where: { "\($0)" == text }) else {
            let known = names.map { "\($0)" }.joined(separator: ", ")
            throw .usage(
                "there is no model \(text); " + (known.isEmpty ? "there is none at all" : "there are \(known)"))
        }
        if let failure = failures[name] { throw failure }
        guard let model = models[name] else { throw .usage("there is no model \(text)") }
        return model
    }

    private static func model(_ name: TableName, at path: String, in folder: String) throws -> Model {
        guard Contract.isTableName(name.table) else {
            throw GoldError.model(place: path, reason: "\(name.table) is no name of a table")
        }
        let contractPath = "\(folder)/\(path.dropLast(".sql".count)).odcs.yaml"
        return try Model(
            name, path: path, sql: String(decoding: try LocalFile.bytes(of: "\(folder)/\(path)"), as: UTF8.self),
            contract: try Contract(contentsOf: contractPath), contractText: try LocalFile.bytes(of: contractPath))
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
}
