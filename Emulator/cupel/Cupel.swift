internal import ArgumentParser
internal import Contracts

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Musl
#endif

/// The `cupel` command.
@main
struct Cupel: AsyncParsableCommand {
    /// The version that `cupel --version` prints.
    static let version = "0.1.0"

    static let configuration = CommandConfiguration(
        commandName: "cupel",
        abstract: "Take change records and files to bronze, silver and gold tables, locally or on AWS.",
        discussion: """
            EXIT STATUS
              0 done                    3 not found
              1 some of the work failed 4 nothing answers
              2 usage                   5 a file could not be read or written

            EXAMPLES
              cupel init shop && cd shop && cupel run data
              cupel generate -o sample && cupel run sample
              cupel up
            """,
        version: version,
        subcommands: [
            InitCommand.self, UpCommand.self, RunCommand.self, ConsoleCommand.self, GenerateCommand.self,
            StatusCommand.self,
            TopCommand.self, ShowCommand.self, TraceCommand.self, TableCommand.self, QueryCommand.self,
            ModelCommand.self,
            ReplayCommand.self, ReloadCommand.self, EraseCommand.self, ErrorsCommand.self, LogsCommand.self,
            ContractCommand.self,
            CatalogCommand.self,
        ])

    static func main() async {
        do {
            var command = try parseAsRoot()
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
            endProcess(0)
        } catch let failure as CommandFailure {
            if !failure.description.isEmpty { StandardStream.error.line("cupel: \(failure)") }
            endProcess(failure.exitStatus)
        } catch {
            let status = exitCode(for: error)
            let isFailure = status != .success
            (isFailure ? StandardStream.error : .output).line(fullMessage(for: error))
            if isFailure, let meant = suggestion(for: Array(CommandLine.arguments.dropFirst())) {
                StandardStream.error.line("Did you mean: cupel \(meant)")
            }
            // The parser's own status for a usage error is 64.
            endProcess(status == .validationFailure ? 2 : status.rawValue)
        }
    }
}

extension Cupel {
    /// The command, with its parent, that the first unknown word is close to; nil if there is none.
    static func suggestion(for words: [String]) -> String? {
        var command: any ParsableCommand.Type = Cupel.self
        var path: [String] = []
        for word in words {
            let subcommands = command.configuration.subcommands
            guard !subcommands.isEmpty, !word.hasPrefix("-") else { return nil }
            if let known = subcommands.first(where: { ($0.configuration.commandName ?? "") == word }) {
                (command, path) = (known, path + [word])
                continue
            }
            let distances = subcommands.map {
                (
                    ($0.configuration.commandName ?? ""),
                    EditDistance.between(Array(word.utf8), Array(($0.configuration.commandName ?? "").utf8))
                )
            }
            guard let nearest = distances.min(by: { $0.1 < $1.1 }), nearest.1 <= 2 else { return nil }
            return (path + [nearest.0]).joined(separator: " ")
        }
        return nil
    }
}

/// Ends the process without what libraries do at its end: a thread that still reads would find locks of OpenSSL gone, and crash.
private func endProcess(_ status: Int32) -> Never {
    fflush(nil)
    _exit(status)
}
