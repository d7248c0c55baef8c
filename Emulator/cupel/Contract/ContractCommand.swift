internal import ArgumentParser
internal import Contracts

/// `cupel contract`: from a file to a contract, and from one version of it to the next.
struct ContractCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "contract",
        abstract: "Propose, check and compare data contracts.",
        discussion: """
            A contract is an Open Data Contract Standard 3.1 file, one table a file. The
            Parquet schema, masking, quarantine and rules all come from it.

            EXAMPLES
              cupel contract infer orders.csv.gz -o infra/contracts/orders.odcs.yaml
              cupel contract lint infra/contracts/*.odcs.yaml
              cupel contract diff old/orders.odcs.yaml infra/contracts/orders.odcs.yaml
            """,
        subcommands: [InferCommand.self, LintCommand.self, DiffCommand.self])
}

extension ContractError {
    /// What the command line says of it: a file that is none is no contract's fault.
    var failure: CommandFailure {
        if case .unreadable = self { .unreadable("\(self)") } else { .usage("\(self)") }
    }
}
