internal import AWSClient
internal import AWSModels
internal import PublishedModels
internal import Synchronization
internal import Publication

/// The models of the function: those that were published, and those of its package for all other tables.
final class ModelsInForce: Sendable {
    private let folder: String
    private let store: ModelStore?
    private let memory = Mutex(Memory())

    /// What the process has read so far.
    private struct Memory {
        var packaged: [TableName: Result<ModelTexts, GoldError>]?
        var published: ModelStore.Stored?
        /// By hash.
        var texts: [String: ModelTexts] = [:]
        var catalog: ModelCatalog?
    }

    /// - Parameters:
    ///   - folder: the package's models.
    ///   - store: where published models are; nil if none are looked for.
    init(folder: String, store: ModelStore? = nil) {
        self.folder = folder
        self.store = store
    }

    /// All models that are in force now: one conditional request, or none without a store.
    func catalog() throws -> ModelCatalog {
        // Not locked meanwhile: an invocation does not wait for what another one reads.
        var memory = memory.withLock { $0 }
        defer { self.memory.withLock { $0 = memory } }
        let packaged = try memory.packaged ?? ModelFolder.read(folder)
        memory.packaged = packaged
        guard let store else {
            let catalog = memory.catalog ?? ModelCatalog(packaged)
            memory.catalog = catalog
            return catalog
        }
        do throws(PublishedModelError) {
            if let newer = try store.index(since: memory.published?.eTag), newer != memory.published {
                (memory.published, memory.catalog) = (newer, nil)
            }
        } catch { throw Self.failure(error) }
        if let catalog = memory.catalog { return catalog }
        var all = packaged
        let index = memory.published?.index ?? ModelIndex()
        for text in index.removed.keys { if let name = TableName(model: text) { all[name] = nil } }
        var isComplete = true
        for (text, entry) in index.entries {
            guard let name = TableName(model: text) else { continue }
            do throws(PublishedModelError) {
                let texts = if let known = memory.texts[entry.hash] { known } else { try store.texts(hash: entry.hash) }
                memory.texts[entry.hash] = texts
                all[name] = .success(texts)
            } catch {
                guard !error.isTemporary else { throw Self.failure(error) }
                // It may be written again.
                isComplete = false
                all[name] = .failure(.model(place: name.modelPath, reason: "\(error)"))
            }
        }
        let catalog = ModelCatalog(all)
        if isComplete { memory.catalog = catalog }
        return catalog
    }

    /// Where the published texts of a model are; nil for one of the package.
    func publishedTexts(of name: TableName) -> S3Object? {
        guard let store, let entry = memory.withLock({ $0.published?.index.entries["\(name)"] }) else { return nil }
        return store.object(hash: entry.hash)
    }

    private static func failure(_ error: PublishedModelError) -> any Error {
        switch error {
        case .aws(let error): error
        case .unreadable(let place, let reason):
            GoldError.usage("\(place): \(reason); publish the models again: cupel model publish")
        }
    }
}
