internal import ArgumentParser
internal import AWSClient
internal import Contracts
internal import JSON
internal import PublishedModels
internal import Publication

/// `cupel model publish`: puts models in force.
struct ModelPublishCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "publish",
        abstract: "Put models in force, without a new package.",
        discussion: """
            Checks the models as `cupel model lint` does and writes them to the pipeline's
            lake bucket. gold-build uses them from its next invocation on, instead of
            those of its package with the same name. --remove MODEL ends one: its table
            stays, and is not built any more. `cupel model diff` shows before what changes,
            `cupel model run` builds it afterwards.

            EXIT STATUS
              0  all models are in force
              1  nothing was published: lint found a fault
              3  a file, the pipeline or sqlglot is not there

            EXAMPLES
              cupel model publish                              all of the folder
              cupel model publish dm_gold.top_drinkers
              cupel model publish --models my/models --profile prod --stack cupel-prod
              cupel model publish --remove dm_gold.top_drinkers
            """)

    @Argument(help: "The models; default: all of the folder, or none with --remove.")
    var names: [String] = []

    @Option(name: .customLong("remove"), help: "End this model. May be repeated.")
    var removed: [String] = []

    @OptionGroup var folders: ModelFolders
    @OptionGroup var options: DeployedOptions
    @OptionGroup var form: OutputOptions

    func run() throws {
        let folder = try folders.modelsFolder()
        let wanted = names.isEmpty && removed.isEmpty ? try ModelSource.names(in: folder) : names
        let ended = try removed.map(ModelSource.name)
        let proposals = try wanted.map { try ModelSource($0, in: folder).published }
        if let both = proposals.first(where: { ended.contains($0.name) }) {
            throw CommandFailure.usage("\(both.name) is to be published and to be removed")
        }
        if !proposals.isEmpty { try folders.lint() }
        let pipeline = try options.pipeline()
        let publication = ModelPublication(
            store: ModelStore(bucket: pipeline.lakeBucket, objects: ObjectStore(pipeline.client)))
        let outcomes: [ModelPublication.Outcome]
        do throws(PublishedModelError) {
            outcomes = try publication.publish(proposals, removing: ended)
        } catch {
            guard case .aws(let error) = error else { throw CommandFailure.failed("\(error)") }
            throw pipeline.failure(error)
        }
        if form.isJSON {
            return StandardStream.output.line(JSON.object(["models": .array(outcomes.map(\.document))]).text)
        }
        var table = TextTable([.left("MODEL"), .left("VERSION"), .left("SHA-256"), .left("OUTCOME")])
        for outcome in outcomes {
            table.add([outcome.name, outcome.version, String(outcome.hash.prefix(12)), outcome.state.rawValue])
        }
        table.print(to: .output)
    }
}

extension ModelSource {
    /// The models of a folder.
    static func names(in folder: String) throws(CommandFailure) -> [String] {
        var names: [String] = []
        for layer in ["silver", "gold"] where FileKind.of("\(folder)/\(layer)") == .folder {
            for file in try FileKind.names(in: "\(folder)/\(layer)") where file.hasSuffix(".sql") {
                names.append("dm_\(layer).\(file.dropLast(".sql".count))")
            }
        }
        return names
    }

    var published: ModelPublication.Proposal {
        get throws(CommandFailure) {
            do throws(ContractError) {
                let version = try Contract(parsing: contract, file: "\(layer)/\(table).odcs.yaml").version
                return ModelPublication.Proposal(
                    name: name, version: version, texts: ModelTexts(sql: sql, contract: contract, lineage: lineage))
            } catch { throw error.failure }
        }
    }
}

/// Writes models to a pipeline's bucket, where gold-build notices them.
struct ModelPublication {
    let store: ModelStore

    struct Proposal {
        let name: String
        let version: String
        let texts: ModelTexts
    }

    /// What became of one model.
    struct Outcome {
        enum State: String {
            case published
            /// It was in force before.
            case unchanged
            case removed
            /// It is in force, and was not among the models.
            case kept
        }

        let name: String
        let version: String
        let hash: String
        let state: State

        var document: JSON {
            [
                "model": .string(name), "version": .string(version), "sha256": .string(hash),
                "outcome": .string(state.rawValue),
            ]
        }
    }

    /// Publishes models and ends others; those that are not named stay. All of it is done afterwards, or nothing.
    func publish(
        _ proposals: [Proposal], removing names: [String] = []
    ) throws(PublishedModelError) -> [Outcome] {
        for _ in 1...5 {
            guard let stored = try store.index() else { continue }
            var next = stored.index
            for name in names {
                let entry = next.entries.removeValue(forKey: name) ?? next.removed[name]
                // One of the package alone has no entry: its absence is all that the index can say.
                next.removed[name] = entry ?? ModelIndex.Entry(hash: String(repeating: "0", count: 64), version: "-")
            }
            for proposal in proposals {
                next.removed[proposal.name] = nil
                let former = next.entries[proposal.name]
                guard former?.hash != proposal.texts.hash else { continue }
                next.entries[proposal.name] = ModelIndex.Entry(
                    hash: proposal.texts.hash, version: proposal.version, previousHash: former?.hash)
            }
            // Texts are written again, too: they may have been damaged.
            guard try store.publish(proposals.map(\.texts), index: next, replacing: stored) else { continue }
            return outcomes(proposals, names, from: stored.index, to: next)
        }
        throw .unreadable(place: "\(store.index)", reason: "others publish at the same time; nothing was published")
    }

    private func outcomes(
        _ proposals: [Proposal], _ removed: [String], from index: ModelIndex, to next: ModelIndex
    ) -> [Outcome] {
        var outcomes = proposals.map { proposal in
            let isUnchanged = index.entries[proposal.name]?.hash == proposal.texts.hash
            return Outcome(
                name: proposal.name, version: proposal.version, hash: proposal.texts.hash,
                state: isUnchanged ? .unchanged : .published)
        }
        let named = Set(outcomes.map(\.name))
        func others(_ entries: [String: ModelIndex.Entry], _ state: Outcome.State) {
            outcomes += entries.sorted { $0.key < $1.key }.map {
                Outcome(name: $0.key, version: $0.value.version, hash: $0.value.hash, state: state)
            }
        }
        others(next.removed.filter { removed.contains($0.key) }, .removed)
        others(next.entries.filter { !named.contains($0.key) }, .kept)
        return outcomes
    }
}
