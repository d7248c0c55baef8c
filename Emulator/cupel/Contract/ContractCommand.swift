internal import ArgumentParser
internal import Contracts

/// `cupel contract`: proposes, checks, compares and publishes contracts.
struct ContractCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "contract",
        abstract: "Propose, check, compare and publish data contracts.",
        discussion: """
            A contract is an Open Data Contract Standard 3.1 file for one table. The
            Parquet schema, masking, quarantine and rules all come from it.

            EXAMPLES
              cupel contract infer orders.csv.gz -o infra/contracts/orders.odcs.yaml
              cupel contract lint infra/contracts/*.odcs.yaml
              cupel contract diff old/orders.odcs.yaml infra/contracts/orders.odcs.yaml
              cupel contract publish infra/contracts/orders.odcs.yaml
              cupel contract drift
            """,
        subcommands: [InferCommand.self, LintCommand.self, DiffCommand.self, PublishCommand.self, DriftCommand.self])
}

extension ContractError {
    /// The failure of the command: a file that cannot be read is not a mistake in a contract.
    var failure: CommandFailure {
        if case .unreadable = self { .unreadable("\(self)") } else { .usage("\(self)") }
    }
}
