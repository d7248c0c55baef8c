internal import DuckDB
internal import EmulatorCore
internal import Synchronization
internal import Time

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Musl
#endif

/// DuckDB's command line as a child process that runs one statement of a user, confined to a folder of its own.
///
/// It can read and write that folder alone; it has no network, no extensions, no settings that can be changed, and none of
/// this process's environment. What is sent to it has no line breaks, so nothing of it is a command of the program, and the
/// commands that reach outside are off besides.
/// - SeeAlso: <https://duckdb.org/docs/stable/operations_manual/securing_duckdb/overview>
final class QueryEngine: Sendable {
    /// Where its files are; deleted with it.
    let folder: String
    private let process: ChildProcess
    private let answers: Answers
    /// Marks the end of an answer; nobody else knows it.
    private let mark: String

    /// The lines that the process has written, by the marks between them.
    private final class Answers: Sendable {
        private struct State {
            var lines: [String] = []
            var waiting: Promise<[String]?>?
        }
        private let state = Mutex(State())
        private let mark: String

        init(mark: String) { self.mark = mark }

        func expect() -> Promise<[String]?> {
            let promise = Promise<[String]?>()
            state.withLock { $0.waiting = promise }
            return promise
        }

        func add(_ line: String) {
            let settled: (Promise<[String]?>, [String])? = state.withLock { state in
                guard line.contains(mark) else {
                    state.lines.append(line)
                    return nil
                }
                defer { (state.lines, state.waiting) = ([], nil) }
                return state.waiting.map { ($0, state.lines) }
            }
            settled?.0.settle(settled?.1)
        }

        func end() { state.withLock { $0.waiting }?.settle(nil) }
    }

    /// How much larger the space on disk is that a query may spill to than its memory.
    private static let spaceFactor = 8

    /// Why a statement failed.
    enum Failure: Error {
        /// What the engine says, and the byte of the statement that it is about.
        case statement(kind: String, message: String, subtype: String?, offset: Int?)
        /// The process ended: it was stopped, or it failed.
        case ended
    }

    private init(folder: String, process: ChildProcess, answers: Answers, mark: String) {
        self.folder = folder
        self.process = process
        self.answers = answers
        self.mark = mark
    }

    deinit {
        process.signal(SIGKILL)
        FolderEntries.remove(folder)
    }

    /// Starts a process, which is ready for a statement when this returns.
    static func start(
        _ program: String, in folder: String, memoryInMB: Int, _ host: ProcessHost, _ clock: ClockAndChance
    ) async throws(ProcessError) -> QueryEngine {
        guard mkdir(folder, 0o700) == 0 else {
            throw ProcessError(
                path: program, reason: "its folder \(folder) cannot be made: \(String(cString: strerror(errno)))")
        }
        let mark = clock.uuid()
        let answers = Answers(mark: mark)
        var command = Command(
            path: program, arguments: ["-no-init", "-batch", "-jsonlines", ":memory:"],
            // DuckDB wants a home for extensions, which it may not load; colours are for terminals.
            environment: ["HOME": "/nonexistent", "TERM": "dumb"], directory: folder)
        command.readsInput = true
        let process: ChildProcess
        do throws(ProcessError) { process = try await host.start(command) { answers.add($0) } } catch {
            FolderEntries.remove(folder)
            throw error
        }
        Task {
            _ = await process.ended()
            answers.end()
        }
        let engine = QueryEngine(folder: folder, process: process, answers: answers, mark: mark)
        let settings = [
            "errors_as_json=true", "TimeZone='UTC'", "memory_limit='\(memoryInMB)MB'",
            "temp_directory=\(DuckDBText.string("\(folder)/spilled"))",
            "max_temp_directory_size='\(memoryInMB * Self.spaceFactor)MB'", "ieee_floating_point_ops=true",
            "allowed_directories=[\(DuckDBText.string("\(folder)/"))]",
        ]
        // The safe mode turns access to anything else off and locks the settings, so it comes after all of them.
        process.write(
            settings.map { "SET \($0); " }.joined() + EngineMacros.statements + "\n.safe_mode\n")
        do throws(Failure) { _ = try await engine.run("SELECT 1") } catch {
            throw ProcessError(path: program, reason: "it does not work: \(error)")
        }
        return engine
    }

    /// Runs statements in order, up to the first that fails.
    /// - Parameter statements: in one line.
    /// - Returns: the rows of their results, as JSON.
    func run(_ statements: String) async throws(Failure) -> [String] {
        try await output(of: statements).filter { $0.hasPrefix("{") }
    }

    /// Runs statements like ``run(_:)``.
    /// - Returns: all lines that the program writes.
    func output(of statements: String) async throws(Failure) -> [String] {
        precondition(!statements.utf8.contains(UInt8(ascii: "\n")), "a statement of several lines")
        let answer = answers.expect()
        let text = "\(statements);\nSELECT '\(mark)' AS m;\n"
        guard process.end == nil, process.write(text) else { throw .ended }
        guard let lines = await answer.value else { throw .ended }
        for line in lines { if let failure = EngineFailure.read(line) { throw failure } }
        return lines
    }

    var hasEnded: Bool { process.end != nil }

    /// Ends the process and what it does.
    func stop() { process.signal(SIGKILL) }
}
