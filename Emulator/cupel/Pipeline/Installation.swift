internal import EmulatorCore

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Musl
#endif

/// The paths of the files that are installed with cupel.
enum Installation {
    /// The folder of the running executable.
    static var executableFolder: String {
        var path = [CChar](repeating: 0, count: Int(PATH_MAX))
        let length = readlink("/proc/self/exe", &path, path.count)
        let bytes = path[..<max(0, length)].map { UInt8(bitPattern: $0) }
        return String(decoding: bytes[..<(bytes.lastIndex(of: UInt8(ascii: "/")) ?? 0)], as: UTF8.self)
    }

    /// The path of a part of the pipeline's description: `pipeline.yaml` or `contracts`.
    ///
    /// An installed cupel has it in `../share/cupel/infra`. A checkout has it in `infra`, in the working directory or above
    /// the executable.
    static func folder(_ name: String) throws(CommandFailure) -> String {
        var places = ["\(installed)/infra", "infra"]
        var folder = executableFolder[...]
        while let slash = folder.lastIndex(of: "/"), slash > folder.startIndex {
            folder = folder[..<slash]
            places.append("\(folder)/infra")
        }
        let candidates = places.map { "\($0)/\(name)" }
        guard let found = candidates.first(where: { FileKind.of($0) != .missing }) else {
            throw .notFound("\(name) is neither in \(places[0]) nor in infra; give its path with an option")
        }
        return found
    }

    /// What an installation holds beside its programs; a checkout has no such folder.
    private static var installed: String { "\(executableFolder)/../share/cupel" }

    /// DuckDB's command line, which runs the models: beside cupel, in an unpacked archive, in the Python environment that cupel
    /// was installed into, or in a checkout, where `infra/setup` puts it; nil if it is in none of them.
    static var engine: String? {
        let libraries = "\(executableFolder)/../lib"
        let environments = FolderEntries.names(in: libraries).filter { $0.hasPrefix("python3") }.sorted()
        // An environment's own `duckdb` is a script, which starts this program in ten times its time.
        let places =
            ["\(libraries)/cupel/duckdb"] + environments.map { "\(libraries)/\($0)/site-packages/duckdb_cli/duckdb" }
            + ["\(executableFolder)/duckdb"]
        if let found = places.first(where: { FileKind.of($0) != .missing }) { return found }
        return try? folder("../.venv-duckdb/duckdb")
    }

    /// The Python that checks models: that of the environment that cupel was installed into, or the one of a checkout.
    static var modelPython: String? {
        let own = "\(executableFolder)/python3"
        if FileKind.of(installed) != .missing, FileKind.of(own) != .missing { return own }
        return try? folder("../.venv-models/bin/python3")
    }
}
