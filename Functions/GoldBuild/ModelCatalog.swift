internal import Contracts
internal import PublishedModels

/// Models by their names.
///
/// A model that cannot be read is an error when it is asked for, and holds up no other.
struct ModelCatalog: Sendable {
    /// All of them: a level reads only what the levels before it make. Models that cannot be read come first.
    let levels: [[TableName]]
    private let models: [TableName: Model]
    private let failures: [TableName: GoldError]

    init(_ texts: [TableName: Result<ModelTexts, GoldError>]) {
        var models: [TableName: Model] = [:]
        var failures: [TableName: GoldError] = [:]
        for (name, texts) in texts {
            do throws(GoldError) { models[name] = try Self.model(name, try texts.get()) } catch {
                failures[name] = error
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

    private static func model(_ name: TableName, _ texts: ModelTexts) throws(GoldError) -> Model {
        guard Contract.isTableName(name.table) else {
            throw .model(place: name.modelPath, reason: "\(name.table) is no name of a table")
        }
        return try Model(name, texts)
    }
}
