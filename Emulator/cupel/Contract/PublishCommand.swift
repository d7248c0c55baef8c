internal import ArgumentParser
internal import AWSClient
internal import JSON
internal import PublishedContracts
internal import Time

/// `cupel contract publish`: puts contracts in force.
struct PublishCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "publish",
        abstract: "Put contracts in force, without a new package.",
        discussion: """
            Checks the contracts and writes them to the pipeline's lake bucket. Functions
            use them from their next invocation on; no restart and no deployment is
            needed. Contracts of other tables stay as they are; those that are in force
            and not in a published folder are listed as kept. --remove TABLE ends one:
            new files of the table are refused then, and its data stays. A file that
            failed is converted under the new contract by: cupel replay --id ID.

            A contract that masks or classifies less than the published one is refused,
            unless --allow-weaker-masking says that it is intended.

            EXIT STATUS
              0  all contracts are in force
              1  nothing was published: an error in a contract, or weaker masking
              3  a file or the pipeline is not there

            EXAMPLES
              cupel contract publish
              cupel contract publish infra/contracts/orders.odcs.yaml
              cupel contract publish infra/contracts --profile prod --stack cupel-prod
              cupel contract publish --remove orders
            """)

    @Argument(
        help: "Contract files, or folders of them. Default: the folder of the running emulator, then infra/contracts.")
    var paths: [String] = []

    @Option(name: .customLong("remove"), help: "End the contract of this table. May be repeated.")
    var removed: [String] = []

    @OptionGroup var options: DeployedOptions

    @Flag(help: "Publish contracts that mask or classify less than those in force.")
    var allowWeakerMasking = false

    @Flag(help: "Print one JSON document.")
    var json = false

    func run() throws {
        let places = paths.isEmpty ? [try options.contractsFolder()] : paths
        let contracts = try ContractFile.read(places)
        let pipeline = try options.pipeline()
        let hasFolder = places.contains { FileKind.of($0) == .folder }
        let outcomes = try pipeline.publish(
            contracts, removing: removed, allowsWeakerMasking: allowWeakerMasking
        ).filter { hasFolder || $0.state != .kept }
        if json {
            let published = outcomes.map { outcome -> JSON in
                [
                    "table": .string(outcome.table), "version": .string(outcome.version),
                    "sha256": .string(outcome.hash), "published": .bool(outcome.state == .published),
                    "outcome": .string(outcome.state.rawValue),
                ]
            }
            StandardStream.output.line(JSON.object(["contracts": .array(published)]).text)
        } else {
            var table = TextTable([.left("TABLE"), .left("VERSION"), .left("SHA-256"), .left("OUTCOME")])
            for outcome in outcomes {
                table.add([
                    outcome.table, outcome.version, String(outcome.hash.prefix(12)),
                    outcome.state.rawValue,
                ])
            }
            table.print(to: .output)
            let kept = outcomes.filter { $0.state == .kept }.map(\.table)
            if !kept.isEmpty {
                StandardStream.error.line(
                    "In force, and not in the folder: \(kept.joined(separator: ", ")). To end such a contract: "
                        + "cupel contract publish --remove \(kept[0])")
            }
        }
    }
}

extension Pipeline {
    /// Puts the contracts of a folder in force, whose warnings the caller has shown.
    /// - Parameter waits: whether functions run that may have read the contracts before.
    @discardableResult
    func publish(
        folder: String, allowsWeakerMasking: Bool, waits: Bool
    ) throws(CommandFailure) -> [ContractPublication.Outcome] {
        try publish(
            try ContractFile.read([folder], showsWarnings: false), allowsWeakerMasking: allowsWeakerMasking,
            repairs: false, waits: waits)
    }

    /// Puts contracts in force.
    /// - Parameter waits: whether to return only when functions that run use them.
    func publish(
        _ contracts: [ContractFile], removing tables: [String] = [], allowsWeakerMasking: Bool, repairs: Bool = true,
        waits: Bool = true
    ) throws(CommandFailure) -> [ContractPublication.Outcome] {
        guard let contractsBucket else {
            throw .usage(
                "no bucket for contracts is known: the stack has no output ContractsBucket; name the stack with --stack, "
                    + "or deploy it again")
        }
        let store = ContractStore(bucket: contractsBucket, objects: ObjectStore(client))
        do throws(ContractPublication.Failure) {
            let outcomes = try ContractPublication(
                store: store, allowsWeakerMasking: allowsWeakerMasking, repairs: repairs
            ).publish(contracts, removing: tables)
            if waits, outcomes.contains(where: { [.published, .removed].contains($0.state) }) {
                blockThread(for: ContractSource.trustInFunctions)
            }
            return outcomes
        } catch {
            throw error.failure(in: self)
        }
    }
}
