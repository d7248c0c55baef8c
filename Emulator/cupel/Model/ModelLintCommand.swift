internal import ArgumentParser

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Musl
#endif

/// `cupel model lint`: what is wrong with models, without running them.
struct ModelLintCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lint",
        abstract: "Check the models without running them.",
        discussion: """
            Finds text that DuckDB, Athena or Spark cannot read, tables, columns and
            functions that are not there, results that do not fit their contracts, and
            periods that the statement does not have. Exit status 1 if there is a fault.

            EXAMPLES
              cupel model lint
              cupel model lint --models my/models
            """)

    @OptionGroup var folders: ModelFolders

    func run() throws { try folders.check("lint") }
}

/// `cupel model show`: where the columns of a model come from.
struct ModelShowCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show from which columns of which tables each column of a model comes.",
        discussion: """
            EXAMPLES
              cupel model show dm_gold.top_beers_by_rating
            """)

    @OptionGroup var folders: ModelFolders

    @Argument(help: "The model: dm_gold.top_beers_by_rating.")
    var model: String

    @Flag(help: "Print one JSON document.")
    var json = false

    func run() throws { try folders.check("show", [model] + (json ? ["--json"] : [])) }
}

/// Where models and the contracts of what they read are.
struct ModelFolders: ParsableArguments {
    @Option(help: "The folder of the models; default: those that come with cupel.")
    var models: String?

    @Option(help: "The folder of the contracts; default: those that come with cupel.")
    var contracts: String?

    /// Goes on as `infra/model`, which knows SQL by sqlglot.
    func check(_ command: String, _ arguments: [String] = []) throws(CommandFailure) {
        guard let python = try? Installation.folder("../.venv-models/bin/python3") else {
            throw .notFound("models are checked by sqlglot, which is not there; infra/setup test installs it")
        }
        guard let engine = Installation.engine else {
            throw .notFound("models are run by DuckDB's command line, which is not there; make run installs it")
        }
        let tool = try Installation.folder("model")
        let places = [
            "--models", try Self.folder(models, "models"), "--contracts", try Self.folder(contracts, "contracts"),
            "--engine", engine,
        ]
        let words = [python, tool, command] + arguments + places
        var strings: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
        execv(python, &strings)
        throw .failed("\(python) cannot be started: \(String(cString: strerror(errno)))")
    }

    private static func folder(_ named: String?, _ name: String) throws(CommandFailure) -> String {
        if let named { return named }
        return try Installation.folder(name)
    }
}
