internal import RawFile

/// A local file to ingest, with its key under `raw/`.
struct RawFile: Hashable, Sendable {
    let path: String
    let table: String
    let key: String
    let sizeInBytes: Int

    var name: String { Self.lastComponent(of: path) }

    /// The files that `paths` name; in a folder, all raw files at any depth.
    ///
    /// - Parameters:
    ///   - table: the table of all of them; nil takes it from each path.
    ///   - tables: the tables that have a contract.
    static func found(
        at paths: [String], table: String?, tables: [String]
    ) throws(CommandFailure) -> [RawFile] {
        var files: [RawFile] = []
        var keys: Set<String> = []
        var expandedPaths: [String] = []
        for path in paths { expandedPaths += try expanded(path) }
        for path in expandedPaths {
            guard let table = table ?? Self.table(of: path, tables) else {
                throw .usage(
                    "\(path): neither its folder nor its name is one of the tables \(tables.joined(separator: ", ")); "
                        + "give the table with --table")
            }
            guard tables.contains(table) else {
                throw .usage("no contract describes the table \(table), only \(tables.joined(separator: ", "))")
            }
            let name = lastComponent(of: path)
            var key = "raw/\(table)/\(name)"
            // Files with the same name, from several folders, get distinct keys.
            var number = 2
            while !keys.insert(key).inserted { (key, number) = ("raw/\(table)/\(number)/\(name)", number + 1) }
            let size = try FileReader(path: path).sizeInBytes
            files.append(RawFile(path: path, table: table, key: key, sizeInBytes: size))
        }
        guard !files.isEmpty else {
            throw .notFound(
                "no raw file in \(paths.joined(separator: ", ")); its name ends in \(RawFileName.endings)")
        }
        return files
    }

    static func isRaw(_ name: String) -> Bool { RawFileName(name) != nil }

    private static func expanded(_ path: String) throws(CommandFailure) -> [String] {
        switch FileKind.of(path) {
        case .missing: throw .notFound("\(path) does not exist")
        case .other: throw .usage("\(path) is neither a file nor a folder")
        case .file:
            guard isRaw(path) else {
                throw .usage("\(path): expected a name that ends in \(RawFileName.endings)")
            }
            return [path]
        case .folder:
            var files: [String] = []
            for name in try FileKind.names(in: path) {
                let inside = path.hasSuffix("/") ? path + name : "\(path)/\(name)"
                switch FileKind.of(inside) {
                case .folder: files += try expanded(inside)
                case .file where isRaw(name): files.append(inside)
                default: break
                }
            }
            return files
        }
    }

    /// The parent folder's name if it is a table, else the file's: `review.csv.gz`, `review-2024.csv.gz`.
    static func table(of path: String, _ tables: [String]) -> String? {
        let components = path.split(separator: "/").map(String.init)
        if components.count > 1, tables.contains(components[components.count - 2]) {
            return components[components.count - 2]
        }
        let stem = (components.last ?? "").prefix { $0 != "." && $0 != "-" }
        if tables.contains(String(stem)) { return String(stem) }
        // review_2024 belongs to review, unless a table has that name.
        return tables.filter { stem.hasPrefix($0 + "_") }.max { $0.count < $1.count }
    }

    private static func lastComponent(of path: String) -> String {
        String(path.split(separator: "/").last ?? "")
    }
}
