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

    func modelsFolder() throws(CommandFailure) -> String { try Self.folder(models, "models") }

    /// Goes on as `infra/model`, which knows SQL by sqlglot.
    func check(_ command: String, _ arguments: [String] = []) throws(CommandFailure) {
        let words = try self.words(command, arguments)
        var strings: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
        execv(words[0], &strings)
        throw .failed("\(words[0]) cannot be started: \(String(cString: strerror(errno)))")
    }

    /// Checks all models of the folder.
    /// - Throws: if there is a fault, which is printed.
    func lint() throws(CommandFailure) {
        let words = try self.words("lint", [])
        var strings: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) }
        defer { for string in strings { free(string) } }
        strings.append(nil)
        // The faults are for people: what this command prints may be JSON.
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, 2, 1)
        var child: pid_t = 0
        let failure = posix_spawn(&child, words[0], &actions, nil, &strings, environ)
        guard failure == 0 else {
            throw .failed("\(words[0]) cannot be started: \(String(cString: strerror(failure)))")
        }
        var status: Int32 = 0
        while waitpid(child, &status, 0) < 0, errno == EINTR {}
        guard status == 0 else { throw .failed("nothing was published: the models have faults") }
    }

    /// The program and its arguments.
    private func words(_ command: String, _ arguments: [String]) throws(CommandFailure) -> [String] {
        guard let python = Installation.modelPython else {
            throw .notFound(
                "models are checked by sqlglot, which is not there; pip install 'cupel[models]' has it, and a checkout's "
                    + "infra/setup test installs it")
        }
        guard let engine = Installation.engine else {
            throw .notFound("models are run by DuckDB's command line, which is not there; make run installs it")
        }
        let places = [
            "--models", try modelsFolder(), "--contracts", try Self.folder(contracts, "contracts"), "--engine", engine,
        ]
        return [python, try Installation.folder("model"), command] + arguments + places
    }

    private static func folder(_ named: String?, _ name: String) throws(CommandFailure) -> String {
        if let named { return named }
        return try Installation.folder(name)
    }
}
