internal import Foundation
internal import TestEmulator
internal import TestProcess

/// A PostgreSQL server with a cluster of its own, on a port of its own, which lives as long as this value.
///
/// The server refuses to run as root, so root runs it as the user nobody.
public final class TemporaryPostgres: @unchecked Sendable {
    // Sendable: each test uses its server from one task at a time.
    public let port: Int
    private let folder: TemporaryDirectory
    private let settings: [String]
    private var server: ChildProcess?

    private var data: String { folder.path + "/data" }
    private var log: String { folder.path + "/log" }

    /// The connection URI, as the cluster's superuser. No password is asked for.
    public var uri: String { uri(as: "postgres") }

    public func uri(as user: String) -> String { "postgresql://\(user)@127.0.0.1:\(port)/postgres" }

    /// - Parameter settings: `name=value` of `postgresql.conf` beyond those of a source of changes.
    public init(settings: [String] = []) async throws {
        folder = try TemporaryDirectory()
        port = try FreePort.find()
        self.settings =
            [
                "port=\(port)", "listen_addresses=127.0.0.1", "unix_socket_directories=", "wal_level=logical",
                "max_wal_senders=20", "max_replication_slots=20", "fsync=off", "max_wal_size=4GB",
            ] + settings
        if getuid() == 0 {
            let owner = try await Command.run("/usr/bin/chown", ["nobody:nogroup", folder.path])
            guard owner.status == 0 else { throw Command.Failure(description: "chown: \(owner.errors)") }
        }
        try await run("initdb", ["-D", data, "-A", "trust", "-U", "postgres", "-E", "UTF8", "--locale=C", "--no-sync"])
        try await start()
    }

    deinit {
        _ = server?.stop(by: SIGQUIT)
    }

    /// Starts the server and returns once it takes connections.
    /// - Parameter secondsBack: how far its clock is behind.
    public func start(secondsBack: Int = 0) async throws {
        // A process of ours, not pg_ctl's: its end can be waited for.
        let (path, words) = Self.unprivileged(
            try Self.program("postgres"), ["-D", data] + settings.flatMap { ["-c", $0] })
        var variables = ProcessInfo.processInfo.environment
        if secondsBack > 0 { variables["LD_PRELOAD"] = try await clock(secondsBack: secondsBack) }
        let process = try ChildProcess(path, words, variables: variables, output: log, errors: log)
        server = process
        while try await Command.run(try Self.program("pg_isready"), ["-q", "-h", "127.0.0.1", "-p", "\(port)"]).status
            != 0
        {
            guard process.isRunning else { throw Command.Failure(description: "postgres ended: \(said)") }
            try await Task.sleep(for: .milliseconds(20))
        }
    }

    /// A library that puts itself before the server's clock.
    private func clock(secondsBack: Int) async throws -> String {
        let (source, library) = (folder.path + "/clock.c", folder.path + "/clock.so")
        try """
        #include <dlfcn.h>
        #include <sys/time.h>
        int gettimeofday(struct timeval *time, void *zone) {
            static int (*real)(struct timeval *, void *);
            if (!real) real = dlsym(RTLD_NEXT, "gettimeofday");
            int status = real(time, zone);
            if (status == 0) time->tv_sec -= \(secondsBack);
            return status;
        }
        """.write(toFile: source, atomically: true, encoding: .utf8)
        let compiler = try await Command.run(
            "/usr/bin/env", ["clang", "-D_GNU_SOURCE", "-shared", "-fPIC", "-o", library, source])
        guard compiler.status == 0 else { throw Command.Failure(description: "clang: \(compiler.errors)") }
        return library
    }

    /// Ends the server: in order, or at once, as a crash does.
    public func stop(atOnce: Bool = false) {
        _ = server?.stop(by: atOnce ? SIGQUIT : SIGINT)
    }

    private var said: String { String(((try? String(contentsOfFile: log, encoding: .utf8)) ?? "").suffix(2000)) }

    /// Runs statements, each a transaction of its own unless they say otherwise.
    /// - Parameter stopsAtErrors: otherwise statements that fail are passed over.
    /// - Returns: what they print, a row a line, columns between `|`.
    @discardableResult
    public func run(
        _ statements: String, as user: String = "postgres", stopsAtErrors: Bool = true
    ) async throws -> String {
        let command = try await Command.run(
            try Self.program("psql"),
            ["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=\(stopsAtErrors ? 1 : 0)", "-f", "-", uri(as: user)],
            input: Data(statements.utf8))
        guard command.status == 0 || !stopsAtErrors else {
            throw Command.Failure(description: "psql: \(command.errors)")
        }
        return command.text
    }

    private func run(_ name: String, _ arguments: [String]) async throws {
        let (path, words) = Self.unprivileged(try Self.program(name), arguments)
        let command = try await Command.run(path, words)
        guard command.status == 0 else {
            throw Command.Failure(description: "\(name): \(command.text)\(command.errors)")
        }
    }

    /// The command that runs `path` as the user nobody where this process is root's.
    private static func unprivileged(_ path: String, _ arguments: [String]) -> (String, [String]) {
        guard getuid() == 0 else { return (path, arguments) }
        return ("/usr/bin/setpriv", ["--reuid=nobody", "--regid=nogroup", "--clear-groups", path] + arguments)
    }

    /// The path of a program of PostgreSQL: Debian keeps them beside the PATH. If it is missing, the test fails.
    public static func program(_ name: String) throws -> String {
        let root = "/usr/lib/postgresql"
        let versions = ((try? FileManager.default.contentsOfDirectory(atPath: root)) ?? []).compactMap { Int($0) }
        for version in versions.sorted().reversed() {
            let path = "\(root)/\(version)/bin/\(name)"
            if FileManager.default.isExecutableFile(atPath: path) { return path }
        }
        throw Command.Failure(description: "\(name) is missing below \(root); run infra/setup test")
    }
}
