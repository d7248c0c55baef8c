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
    /// An installed cupel has it in `../share/cupel`. A checkout has it in `infra`, in the working directory or above
    /// the executable.
    static func folder(_ name: String) throws(CommandFailure) -> String {
        var places = ["\(executableFolder)/../share/cupel", "infra"]
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

    /// DuckDB's command line, which runs the models: what `infra/setup` installed, beside cupel or in a checkout; nil if it is
    /// in neither.
    static var engine: String? {
        let beside = "\(executableFolder)/duckdb"
        guard FileKind.of(beside) == .missing else { return beside }
        return try? folder("../.venv-duckdb/duckdb")
    }
}
