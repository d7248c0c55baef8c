internal import CProcess
internal import EmulatorCore
internal import Threads

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Musl
#endif

/// The user's own programs that prepare an emulator, in the folder `init.d`: `*.sh` and `*.py`, in the order of their names.
///
/// They run after the emulator is up and its contracts are in force, and again after each reset, with the variables that the AWS
/// SDKs read. What they print goes to standard error.
struct InitHooks: Sendable {
    /// The folder that is looked at where none is given.
    static let defaultFolder = "init.d"

    private let programs: [String]

    init() { programs = [] }

    /// - Parameter folder: nil for the default one, which need not be there.
    init(folder: String?) throws(CommandFailure) {
        let path = folder ?? Self.defaultFolder
        guard FileKind.of(path) == .folder else {
            guard folder == nil else { throw .notFound("--init: \(path) is not a folder") }
            programs = []
            return
        }
        let names = try FileKind.names(in: path).filter { $0.hasSuffix(".sh") || $0.hasSuffix(".py") }.sorted()
        programs = names.map { "\(path)/\($0)" }
    }

    /// - Throws: ``CommandFailure`` for the first that fails.
    func run(at file: EndpointFile, signedBy key: AccessKey) async throws {
        guard !programs.isEmpty else { return }
        var variables = key.variables
        variables["AWS_ENDPOINT_URL"] = file.endpoint
        variables["AWS_DEFAULT_REGION"] = variables["AWS_DEFAULT_REGION"] ?? "us-east-1"
        for (name, value) in file.outputs { variables["CUPEL_\(Self.upper(name))"] = value }
        let environment = variables
        let result: Result<Void, CommandFailure> = await withCheckedContinuation { continuation in
            // Waiting blocks a thread, and the emulator that the programs talk to needs those of the pool.
            SystemThread {
                continuation.resume(
                    returning: Result { () throws(CommandFailure) in
                        for program in programs { try Self.run(program, environment) }
                    })
            }.detach()
        }
        try result.get()
    }

    /// `StageBucket` as `STAGE_BUCKET`.
    private static func upper(_ name: String) -> String {
        var text = ""
        var wasLower = false
        for character in name {
            if character.isUppercase, wasLower { text += "_" }
            text += character.uppercased()
            wasLower = character.isLowercase || character.isNumber
        }
        return text
    }

    private static func run(_ program: String, _ variables: [String: String]) throws(CommandFailure) {
        let interpreter = program.hasSuffix(".py") ? ["/usr/bin/env", "python3"] : ["/bin/sh"]
        var environment: [String] = []
        var entry: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?> = environ
        while let text = entry.pointee {
            let line = String(cString: text)
            if variables[String(line.prefix { $0 != "=" })] == nil { environment.append(line) }
            entry += 1
        }
        environment += variables.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
        var arguments: [UnsafeMutablePointer<CChar>?] = (interpreter + [program]).map { strdup($0) } + [nil]
        var lines: [UnsafeMutablePointer<CChar>?] = environment.map { strdup($0) } + [nil]
        defer { for text in arguments + lines { free(text) } }
        let process = cupel_spawn(interpreter[0], &arguments, &lines, nil, -1, STDERR_FILENO)
        guard process > 0 else {
            throw .failed("\(program): cannot start: \(String(cString: strerror(-process)))")
        }
        var status: Int32 = 0
        while waitpid(process, &status, 0) < 0, errno == EINTR {}
        guard status == 0 else {
            let code = status & 0x7F == 0 ? "exit status \(status >> 8 & 0xFF)" : "signal \(status & 0x7F)"
            throw .failed("\(program) failed with \(code); correct it, or take it out of the folder")
        }
    }
}
