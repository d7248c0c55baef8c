internal import DuckDB

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Musl
#endif

/// DuckDB's command line, as a child process that sees one folder, no network, and none of this process's environment.
///
/// - SeeAlso: <https://duckdb.org/docs/stable/operations_manual/securing_duckdb/overview>
struct Engine: Sendable {
    let program: String
    let memoryInMB: Int

    /// What became of a script.
    struct Outcome {
        let succeeded: Bool
        let output: String
        let errors: String
        /// Whether there is more output than is kept.
        let isCut: Bool
    }

    /// The bytes of output that are kept.
    private static let outputLimit = 1 << 20

    /// Runs statements. They are arguments, not a file or an input, so no line of them can be a command of the program, such as
    /// `.shell`.
    /// - Parameters:
    ///   - preparation: statements without anybody's text, which make tables; each is an argument of its own.
    ///   - statements: the places in its errors are right for the first of them.
    ///   - folder: the only one that can be read and written.
    ///   - threads: nil for as many as there are processors.
    ///   - deadline: the program is killed then.
    ///   - isInterrupted: the program is killed when it says so.
    /// - Returns: nil if the program was killed.
    func run(
        _ statements: String, after preparation: [String] = [], in folder: String, threads: Int? = nil,
        until deadline: ContinuousClock.Instant, isInterrupted: () -> Bool = { false }
    ) throws(GoldError)
        -> Outcome?
    {
        guard access(program, X_OK) == 0 else { throw .noEngine(program) }
        let confined =
            (threads.map { "SET threads=\($0); " } ?? "")
            + "SET temp_directory=\(DuckDBText.string("\(folder)/spilled")); SET memory_limit='\(memoryInMB)MB'; "
            + "SET TimeZone='UTC'; SET allowed_directories=[\(DuckDBText.string("\(folder)/"))]; "
            + "SET enable_external_access=false; SET lock_configuration=true; "
        let arguments =
            [program, "-no-init", "-bail", "-batch", "-csv", "-noheader"]
            + ([confined] + preparation).flatMap { ["-cmd", $0] } + ["-c", statements, ":memory:"]
        // The kernel takes no longer argument.
        guard arguments.allSatisfy({ $0.utf8.count < 128 << 10 }) else {
            throw .usage("a model with its tables' columns has more than the 131,071 bytes that a statement may have")
        }
        let (output, errors) = ("\(folder)/output", "\(folder)/errors")
        let child = try Self.spawn(arguments, output: output, errors: errors)
        guard let status = Self.wait(for: child, until: deadline, isInterrupted) else { return nil }
        let lines = try LocalFile.bytes(of: output, upTo: Self.outputLimit + 1)
        return Outcome(
            succeeded: status == 0, output: String(decoding: lines.prefix(Self.outputLimit), as: UTF8.self),
            errors: String(decoding: try LocalFile.bytes(of: errors, upTo: Self.outputLimit), as: UTF8.self),
            isCut: lines.count > Self.outputLimit)
    }

    private static func spawn(_ arguments: [String], output: String, errors: String) throws(GoldError) -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        posix_spawn_file_actions_addopen(&actions, 2, errors, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        var words: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) }
        defer { for word in words { free(word) } }
        words.append(nil)
        // DuckDB wants a home for extensions, which it may not load; colours are for terminals. The package has C++'s libraries
        // beside the program.
        let folder = arguments[0].lastIndex(of: "/").map { arguments[0][..<$0] } ?? "."
        var variables: [UnsafeMutablePointer<CChar>?] = [
            strdup("HOME=/nonexistent"), strdup("TERM=dumb"), strdup("LD_LIBRARY_PATH=\(folder)/lib"), nil,
        ]
        defer { for variable in variables { free(variable) } }
        var child: pid_t = 0
        let status = posix_spawn(&child, arguments[0], &actions, nil, &words, &variables)
        guard status == 0 else {
            throw .noEngine("\(arguments[0]) (\(String(cString: strerror(status))))")
        }
        return child
    }

    /// - Returns: the exit status, 128 and more for a signal; nil if the child was killed here.
    private static func wait(
        for child: pid_t, until deadline: ContinuousClock.Instant, _ isInterrupted: () -> Bool
    ) -> Int32? {
        var status: Int32 = 0
        var pause: UInt32 = 500
        while true {
            let ended = waitpid(child, &status, WNOHANG)
            if ended == child { return status & 0x7F == 0 ? status >> 8 & 0xFF : 128 + status & 0x7F }
            guard ContinuousClock.now < deadline, !isInterrupted() else {
                kill(child, SIGKILL)
                waitpid(child, &status, 0)
                return nil
            }
            usleep(pause)
            pause = min(pause * 2, 20_000)
        }
    }
}
