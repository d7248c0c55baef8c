internal import EmulatorCore
internal import NIOCore

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Musl
#endif

/// The file ranges of a response. Only one file is open at a time, because an object can have ten thousand parts.
final class FileSequence {
    private let ranges: FileRanges
    private var position = 0
    private var file: NIOFileHandle?

    /// Opens the first file.
    /// - Throws: if it cannot be opened, or has not all bytes of its range.
    init(_ ranges: FileRanges) throws(FileRangeError) {
        self.ranges = ranges
        try openFile()
    }

    /// Closes the file of a transfer that was not finished.
    deinit { try? file?.close() }

    /// The range to send next, for `sendfile`; nil if all are sent.
    var current: FileRegion? {
        guard let file else { return nil }
        let range = ranges.ranges[position]
        return FileRegion(fileHandle: file, readerIndex: range.offset, endIndex: range.offset + range.length)
    }

    /// Moves to the next range.
    /// - Returns: false if its file cannot be opened, or has not all bytes of the range.
    func advance() -> Bool {
        try? file?.close()
        file = nil
        position += 1
        guard position < ranges.ranges.count else { return true }
        do throws(FileRangeError) {
            try openFile()
            return true
        } catch {
            return false
        }
    }

    private func openFile() throws(FileRangeError) {
        let range = ranges.ranges[position]
        // A pipe without a writer would block an open without O_NONBLOCK.
        let descriptor = open(range.path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        guard descriptor >= 0 else {
            throw FileRangeError(path: range.path, fault: String(cString: strerror(errno)))
        }
        // `sendfile` at the end of a file sends nothing, and the client would wait for the bytes.
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG,
            Int(status.st_size) >= range.offset + range.length
        else {
            close(descriptor)
            throw FileRangeError(path: range.path, fault: "it is shorter than the response")
        }
        file = NIOFileHandle(_deprecatedTakingOwnershipOfDescriptor: descriptor)
    }
}

/// Why a file cannot be sent.
struct FileRangeError: Error, CustomStringConvertible {
    let path: String
    let fault: String
    var description: String { "the file \(path) cannot be sent: \(fault)" }
}
