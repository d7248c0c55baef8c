internal import EmulatorCore
internal import Digest
internal import JSON

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Musl
#endif

/// Uploaded code, unpacked beside the emulator's state.
struct FunctionPackage {
    /// The name of its folder in the emulator's folder for code; changes with the code.
    let name: String

    /// Unpacks `archive`, unless the same archive was unpacked before.
    /// - Parameter root: the emulator's folder for code.
    /// - Throws: ``AWSFault``, which names the error in the archive or of the disk.
    init(unpacking archive: [UInt8], for function: String, in root: String) throws(AWSFault) {
        name = "\(function)-\(Digest.sha256(archive).prefix(8).hexadecimal)"
        try Self.unpack(to: root + "/" + name, for: function) { () throws(AWSFault) in [archive] }
    }

    /// Unpacks the archives, files in `root`, one over the other into the folder `name`, unless that is there.
    init(unpacking files: [String], as name: String, for function: String, in root: String) throws(AWSFault) {
        self.name = name
        try Self.unpack(to: root + "/" + name, for: function) { () throws(AWSFault) in
            var archives: [[UInt8]] = []
            for file in files {
                do { archives.append(try FileBytes.contents(of: root + "/" + file)) } catch {
                    throw Self.refused(function, "\(error)")
                }
            }
            return archives
        }
    }

    private static func unpack(
        to folder: String, for function: String, _ archives: () throws(AWSFault) -> [[UInt8]]
    ) throws(AWSFault) {
        guard access(folder, F_OK) != 0 else { return }
        // Under another name first, so that what is there under the right one is whole.
        let unfinished = folder + unfinishedSuffix
        try makeFolder(unfinished, function)
        for archive in try archives() { try unpack(archive, to: unfinished, for: function) }
        guard rename(unfinished, folder) == 0 || errno == EEXIST || errno == ENOTEMPTY else {
            throw refused(function, "\(folder): \(String(cString: strerror(errno)))")
        }
    }

    private static func unpack(
        _ archive: [UInt8], to folder: String, for function: String
    ) throws(AWSFault) {
        let zip: ZipArchive
        do { zip = try ZipArchive(archive) } catch { throw refused(function, error.description) }
        for entry in zip.entries {
            let path = folder + "/" + entry.path
            try makeFolder(entry.isDirectory ? path : parent(of: path), function)
            guard !entry.isDirectory else { continue }
            let contents: [UInt8]
            do { contents = try zip.contents(of: entry) } catch { throw refused(function, error.description) }
            try save(contents, to: path, isExecutable: entry.isExecutable, function)
        }
    }

    /// Saves `source`, which is inline in a template, as the module `index`.
    init(source: String, for function: String, in root: String) throws(AWSFault) {
        name = "\(function)-\(Digest.sha256(source).prefix(8).hexadecimal)"
        let folder = root + "/" + name
        try Self.makeFolder(folder, function)
        try Self.save(Array(source.utf8), to: folder + "/index.py", isExecutable: false, function)
    }

    /// Removes what a crash left half unpacked.
    static func removeUnfinished(in root: String) {
        for name in FolderEntries.names(in: root) where name.hasSuffix(unfinishedSuffix) {
            FolderEntries.remove("\(root)/\(name)")
        }
    }

    private static let unfinishedSuffix = ".unpacking"

    private static func refused(_ function: String, _ reason: String) -> AWSFault {
        .validation("Could not unzip uploaded file of \(function): \(reason).")
    }

    private static func parent(of path: String) -> String {
        path.lastIndex(of: "/").map { String(path[..<$0]) } ?? path
    }

    /// Creates the folder and its parents.
    static func makeFolder(_ path: String, _ function: String) throws(AWSFault) {
        guard !path.isEmpty, mkdir(path, 0o700) != 0, errno != EEXIST else { return }
        guard errno == ENOENT else { throw refused(function, "\(path): \(String(cString: strerror(errno)))") }
        try makeFolder(parent(of: path), function)
        try makeFolder(path, function)
    }

    static func save(
        _ contents: [UInt8], to path: String, isExecutable: Bool, _ function: String
    ) throws(AWSFault) {
        let file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, isExecutable ? 0o700 : 0o600)
        guard file >= 0 else { throw refused(function, "\(path): \(String(cString: strerror(errno)))") }
        defer { close(file) }
        var written = 0
        while written < contents.count {
            let count = contents[written...].withUnsafeBytes { write(file, $0.baseAddress, $0.count) }
            guard count > 0 else { throw refused(function, "\(path): \(String(cString: strerror(errno)))") }
            written += count
        }
    }
}
