internal import CProcess

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Musl
#endif

/// An emulator for one command: `cupel up` on a free port, as a child process.
struct OwnEmulator: ~Copyable {
    private let process: pid_t
    let state: EndpointFile

    private init(process: pid_t, state: EndpointFile) {
        self.process = process
        self.state = state
    }

    /// Starts the emulator and waits until it answers. Its output goes to `emulator.log` in its data folder.
    static func start(data: String, options: [String] = []) throws(CommandFailure) -> OwnEmulator {
        try FileKind.makeFolder(data)
        EndpointFile.remove(in: data)
        let logPath = "\(data)/emulator.log"
        let log = open(logPath, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard log >= 0 else { throw .file("cannot create", logPath, errno) }
        // The child has a descriptor of its own.
        defer { close(log) }
        let process = spawn(["cupel", "up", "--port", "0", "--data", data] + options, output: log)
        guard process > 0 else { throw .failed("cannot start the emulator: \(String(cString: strerror(-process)))") }
        do throws(CommandFailure) {
            return OwnEmulator(process: process, state: try waitForState(of: process, in: data, logPath))
        } catch {
            kill(process, SIGKILL)
            throw error
        }
    }

    /// Stops the emulator and waits until it has ended.
    consuming func stop() {
        kill(process, SIGTERM)
        var status: Int32 = 0
        while waitpid(process, &status, 0) < 0, errno == EINTR {}
    }

    private static func spawn(_ arguments: [String], output: Int32) -> pid_t {
        var strings: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
        defer { for string in strings { free(string) } }
        return cupel_spawn("/proc/self/exe", &strings, environ, nil, -1, output)
    }

    private static func waitForState(
        of process: pid_t, in data: String, _ logPath: String
    ) throws(CommandFailure) -> EndpointFile {
        let start = ContinuousClock.now
        while start.duration(to: .now) < .seconds(30) {
            if let state = EndpointFile(in: data), state.processID == process { return state }
            var status: Int32 = 0
            if waitpid(process, &status, WNOHANG) != 0 {
                let log = (try? FileContent.read(logPath)).map { String(decoding: $0, as: UTF8.self) } ?? ""
                throw .failed("the emulator ended during its start:\n\(log.isEmpty ? "it printed nothing" : log)")
            }
            usleep(2000)
        }
        throw .unreachable("the emulator did not answer within 30 seconds; see \(logPath)")
    }
}
