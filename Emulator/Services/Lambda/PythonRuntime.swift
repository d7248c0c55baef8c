internal import EmulatorCore

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Musl
#endif

/// Runs functions of Lambda's Python runtimes with a Python of this machine, if it has one.
///
/// A Python of the runtime's version that has AWS's runtime interface client (`awslambdaric`) runs the function as on AWS;
/// such a one is usually in a virtual environment on the `PATH`. Otherwise ``PythonClient`` takes the client's place.
///
/// - SeeAlso: <https://docs.aws.amazon.com/lambda/latest/dg/lambda-python.html>
enum PythonRuntime {
    static func supports(_ runtime: String) -> Bool { runtime.hasPrefix("python3") }

    /// A Python that can run functions of a runtime.
    private struct Interpreter {
        let path: String
        /// Whether its version is the runtime's.
        let isExact: Bool
        /// Whether `awslambdaric` is installed for it.
        let hasClient: Bool
    }

    /// The code that runs the function's handler in `folder`.
    /// - Parameters:
    ///   - root: the folder of the emulator's own client.
    ///   - path: where to look for interpreters; nil for the emulator's own `PATH`.
    static func code(
        of function: FunctionConfiguration, in folder: String, root: String, path: String?
    ) throws(AWSFault) -> FunctionCode {
        guard let interpreter = interpreter(for: function.runtime, on: path) else {
            throw .notEmulated(
                "The function \(function.name), whose runtime needs a \(function.runtime) or python3 on the PATH,")
        }
        let fingerprint = "\(folder) \(interpreter.path)"
        guard !interpreter.hasClient else {
            return FunctionCode(
                executable: interpreter.path, arguments: ["-u", "-m", "awslambdaric", function.handler],
                taskRoot: folder, fingerprint: fingerprint + " awslambdaric")
        }
        let client = root + "/python-client.py"
        if (try? FileBytes.contents(of: client)) != Array(PythonClient.source.utf8) {
            try FunctionPackage.makeFolder(root, function.name)
            try FunctionPackage.save(Array(PythonClient.source.utf8), to: client, isExecutable: false, function.name)
        }
        return FunctionCode(
            executable: interpreter.path, arguments: ["-u", client], taskRoot: folder, fingerprint: fingerprint)
    }

    /// What differs from AWS in how a function of the runtime runs; nil where nothing does.
    static func note(on runtime: String, path: String?) -> String? {
        guard supports(runtime), let interpreter = interpreter(for: runtime, on: path), !interpreter.hasClient else {
            return nil
        }
        let version =
            interpreter.isExact ? "" : "\(runtime) is not installed: \(interpreter.path) runs the handler instead. "
        return version + "awslambdaric is not installed for \(runtime): the emulator's own client runs the handler. "
            + "For AWS's, install it (\(runtime) -m venv lambda && lambda/bin/pip install awslambdaric) and start the "
            + "emulator with lambda/bin on its PATH."
    }

    /// The first of the runtime's version with the client; or of that version; or any.
    private static func interpreter(for runtime: String, on path: String?) -> Interpreter? {
        let path = path ?? getenv("PATH").map { String(cString: $0) } ?? "/usr/local/bin:/usr/bin:/bin"
        let folders = path.split(separator: ":").map(String.init)
        var exact: Interpreter?
        // A shim of pyenv is there for every version that is installed, and starts the selected one alone.
        for folder in folders where !folder.hasSuffix("/shims") {
            let program = folder + "/" + runtime
            guard access(program, X_OK) == 0 else { continue }
            if hasClient(folder, runtime) { return Interpreter(path: program, isExact: true, hasClient: true) }
            exact = exact ?? Interpreter(path: program, isExact: true, hasClient: false)
        }
        let any = folders.map { $0 + "/python3" }.first { access($0, X_OK) == 0 }
        return exact ?? any.map { Interpreter(path: $0, isExact: false, hasClient: false) }
    }

    /// - Parameter folder: of the interpreter; the packages of a virtual environment are beside it.
    private static func hasClient(_ folder: String, _ runtime: String) -> Bool {
        let prefix = folder.hasSuffix("/bin") ? String(folder.dropLast(4)) : folder
        let places = ["lib/\(runtime)/site-packages", "lib/\(runtime)/dist-packages", "lib/python3/dist-packages"]
        return places.contains { access("\(prefix)/\($0)/awslambdaric/__main__.py", R_OK) == 0 }
    }
}
