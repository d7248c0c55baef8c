#if canImport(Glibc)
    internal import Glibc
#else
    internal import Musl
#endif
internal import EmulatorCore
import Synchronization
internal import Threads

/// The files of objects that are too large for the database.
///
/// The name of a file consists of the run that wrote it and a number, never of a key. A file does not change once it
/// has its name. Files of earlier runs that are not in the index are deleted at start.
final class ObjectFiles: Sendable {
    struct Failure: Error, CustomStringConvertible {
        let attempt: String
        let path: String
        let code: Int32

        var description: String {
            let advice = code == ENOSPC || code == EDQUOT ? "; free some space and retry" : ""
            return "cannot \(attempt) \(path): \(String(cString: strerror(code)))\(advice)"
        }
    }

    private static let shardCount = 64
    private let directory: String
    private let run: String
    private let written = Atomic<Int>(0)

    /// - Parameter run: a name that differs from those of all earlier runs.
    init(directory: String, run: String) throws(Failure) {
        self.directory = directory
        self.run = run
        try Self.makeFolder(directory)
    }

    func path(of name: String) -> String {
        let number = Int(name.split(separator: "-").last ?? "") ?? 0
        return "\(directory)/\(Self.shardName(number % Self.shardCount))/\(name)"
    }

    /// A new file, which does not count until it is finished. The first file in a folder creates the folder, so that
    /// the emulator's start creates none.
    func create() throws(Failure) -> FileDraft {
        let name = "\(run)-\(written.wrappingAdd(1, ordering: .relaxed).oldValue)"
        let path = path(of: name)
        do throws(Failure) { return try FileDraft(name: name, path: path) } catch {
            guard error.code == ENOENT else { throw error }
            try Self.makeFolder(Self.folder(of: path))
            try Self.synchronizeFolder(directory)
            return try FileDraft(name: name, path: path)
        }
    }

    /// Checks that a file has all its bytes, before a response promises them.
    /// - Throws: ``DamagedFile``.
    func check(_ name: String, size: Int) throws(DamagedFile) {
        let path = path(of: name)
        var status = stat()
        guard lstat(path, &status) == 0 else {
            throw DamagedFile(path: path, fault: String(cString: strerror(errno)))
        }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw DamagedFile(path: path, fault: "it is not a regular file")
        }
        guard status.st_size == size else {
            throw DamagedFile(path: path, fault: "it has \(status.st_size) of \(size) bytes")
        }
    }

    func remove(_ name: String) { unlink(path(of: name)) }

    /// Removes the files of earlier runs for which `isKept` is false.
    func sweep(isKept: (String) throws -> Bool) rethrows {
        for shard in 0..<Self.shardCount {
            let folder = "\(directory)/\(Self.shardName(shard))"
            guard let stream = opendir(folder) else { continue }
            defer { closedir(stream) }
            while let entry = readdir(stream) {
                let name = withUnsafePointer(to: &entry.pointee.d_name) { name in
                    name.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
                }
                if name.hasPrefix(".") || name.hasPrefix(run) { continue }
                if try !isKept(name) { unlink("\(folder)/\(name)") }
            }
        }
    }

    fileprivate static func folder(of path: String) -> String {
        path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
    }

    private static func shardName(_ shard: Int) -> String {
        (shard < 16 ? "0" : "") + String(shard, radix: 16)
    }

    private static func makeFolder(_ path: String) throws(Failure) {
        guard mkdir(path, 0o700) == 0 || errno == EEXIST else {
            throw Failure(attempt: "make the folder", path: path, code: errno)
        }
    }

    fileprivate static func synchronizeFolder(_ path: String) throws(Failure) {
        let folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard folder >= 0 else { throw Failure(attempt: "open the folder", path: path, code: errno) }
        defer { close(folder) }
        guard fsync(folder) == 0 else { throw Failure(attempt: "synchronize the folder", path: path, code: errno) }
    }
}

/// A file of an object that was changed, moved or removed behind the emulator's back.
struct DamagedFile: Error, CustomStringConvertible {
    let path: String
    let fault: String

    var description: String {
        "the object's file \(path) is damaged: \(fault); restore the file, or upload the object again"
    }
}

/// A file being written under a temporary name; gone unless it is finished.
final class FileDraft: @unchecked Sendable {
    // Sendable: one task at a time uses it, and its awaits order the calls.
    let name: String
    private let path: String
    private let descriptor: Int32
    private var isFinished = false

    fileprivate init(name: String, path: String) throws(ObjectFiles.Failure) {
        self.name = name
        self.path = path
        descriptor = open(path + ".part", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw ObjectFiles.Failure(attempt: "create", path: path, code: errno) }
    }

    deinit {
        close(descriptor)
        if !isFinished { unlink(path + ".part") }
    }

    func append(_ bytes: [UInt8]) throws(ObjectFiles.Failure) {
        var offset = 0
        while offset < bytes.count {
            let count = bytes.withUnsafeBytes { bytes in
                write(descriptor, bytes.baseAddress?.advanced(by: offset), bytes.count - offset)
            }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw ObjectFiles.Failure(attempt: "write", path: path, code: errno) }
            offset += count
        }
    }

    /// Makes the bytes and the name durable. Runs on a thread of its own, because a disk may be slow and the concurrent
    /// pool is small.
    func finish() async throws {
        try await SystemThread.run { try self.synchronize() }
    }

    private func synchronize() throws(ObjectFiles.Failure) {
        guard fsync(descriptor) == 0 else { throw ObjectFiles.Failure(attempt: "write", path: path, code: errno) }
        guard rename(path + ".part", path) == 0 else {
            throw ObjectFiles.Failure(attempt: "name", path: path, code: errno)
        }
        isFinished = true
        try ObjectFiles.synchronizeFolder(ObjectFiles.folder(of: path))
    }
}

extension SystemThread {
    /// The result of blocking work.
    static func run<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            SystemThread { continuation.resume(with: Result { try work() }) }.detach()
        }
    }
}
