#if canImport(Glibc)
    internal import Glibc
#else
    internal import Musl
#endif

/// Where the files are that come with cupel.
enum Installation {
    /// The folder of the running executable.
    static var executableFolder: String {
        var path = [CChar](repeating: 0, count: Int(PATH_MAX))
        let length = readlink("/proc/self/exe", &path, path.count)
        let bytes = path[..<max(0, length)].map { UInt8(bitPattern: $0) }
        return String(decoding: bytes[..<(bytes.lastIndex(of: UInt8(ascii: "/")) ?? 0)], as: UTF8.self)
    }

    /// The file or folder `name` of the pipeline's description: `pipeline.yaml`, `contracts`.
    ///
    /// An installed cupel has it in `../share/cupel`, a checkout in `infra`: that of the working directory, or the one
    /// above the build folder that the executable is in.
    static func folder(_ name: String) throws(CommandFailure) -> String {
        var places = ["\(executableFolder)/../share/cupel", "infra"]
        var folder = executableFolder[...]
        while let slash = folder.lastIndex(of: "/"), slash > folder.startIndex {
            folder = folder[..<slash]
            places.append("\(folder)/infra")
        }
        let candidates = places.map { "\($0)/\(name)" }
        guard let found = candidates.first(where: { FileKind.of($0) != .missing }) else {
            throw .notFound("\(name) is neither in \(places[0]) nor in infra; name it on the command line")
        }
        return found
    }
}
