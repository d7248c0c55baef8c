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
    private let folder: String
    private let isThere: Bool

    init(folder: String) {
        self.folder = folder
        isThere = access(folder, R_OK | X_OK) == 0
        var models: [TableName: Model] = [:]
        var failures: [TableName: GoldError] = [:]
        for layer in TableName.modelLayers {
            for file in Self.files(in: "\(folder)/\(layer)") where file.hasSuffix(".sql") {
                let name = TableName(layer: layer, table: String(file.dropLast(".sql".count)))
                do throws(GoldError) {
                    models[name] = try Self.model(name, in: folder)
                } catch { failures[name] = error }
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

    /// - Throws: if there is no folder of models: a pipeline that builds nothing would say that all is well.
    func checkFolder() throws(GoldError) {
        guard !isThere else { return }
        throw .usage("\(folder): there is no folder of models, or it cannot be read; MODELS_DIR says where it is")
    }

    /// - Throws: for a name that none of them has.
    func check(_ name: TableName) throws(GoldError) {
        guard !names.contains(name) else { return }
        let known = names.map { "\($0)" }.joined(separator: ", ")
        throw .usage("there is no model \(name); " + (known.isEmpty ? "there is none at all" : "there are \(known)"))
    }

    func model(_ name: TableName) throws(GoldError) -> Model {
        try check(name)
        if let failure = failures[name] { throw failure }
        guard let model = models[name] else { throw .usage("there is no model \(name)") }
        return model
    }

    private static func model(_ name: TableName, in folder: String) throws(GoldError) -> Model {
        guard Contract.isTableName(name.table) else {
            throw .model(place: name.modelPath, reason: "\(name.table) is no name of a table")
        }
        return try Model(
            name, sql: String(decoding: try text(of: name.modelPath, in: folder), as: UTF8.self),
            contract: try text(of: name.contractPath, in: folder),
            // Nothing is built from it.
            lineage: try? text(of: name.lineagePath, in: folder))
    }

    private static func text(of path: String, in folder: String) throws(GoldError) -> [UInt8] {
        do throws(GoldError) { return try LocalFile.bytes(of: "\(folder)/\(path)") } catch {
            throw .model(place: path, reason: "it cannot be read: \(error)")
        }
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
