internal import EmulatorKit
internal import NIOCore

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Musl
#endif

/// Ranges of files on their way to a client, one open at a time: an upload may have had ten thousand parts.
final class FileSequence {
    private let ranges: FileRanges
    private var position = 0
    private var file: NIOFileHandle?

    /// Opens the first file; nil when it cannot be opened.
    init?(_ ranges: FileRanges) {
        self.ranges = ranges
        guard openFile() else { return nil }
    }

    /// Closes a file whose transfer was given up.
    deinit { try? file?.close() }

    /// The range to send now, as `sendfile` takes it; nil when all are sent.
    var current: FileRegion? {
        guard let file else { return nil }
        let range = ranges.ranges[position]
        return FileRegion(fileHandle: file, readerIndex: range.offset, endIndex: range.offset + range.length)
    }

    /// Goes on to the next range.
    /// - Returns: false when its file cannot be opened.
    func advance() -> Bool {
        try? file?.close()
        file = nil
        position += 1
        return position == ranges.ranges.count || openFile()
    }

    private func openFile() -> Bool {
        let descriptor = open(ranges.ranges[position].path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return false }
        file = NIOFileHandle(_deprecatedTakingOwnershipOfDescriptor: descriptor)
        return true
    }
}
