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

    /// Opens the first file; nil if it cannot be opened.
    init?(_ ranges: FileRanges) {
        self.ranges = ranges
        guard openFile() else { return nil }
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
    /// - Returns: false if its file cannot be opened.
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
