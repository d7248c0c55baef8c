internal import CSockets
internal import EmulatorCore

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Musl
#endif

/// The file ranges of a response. Only one file is open at a time, because an object can have ten thousand parts.
final class FileSequence {
    private let ranges: FileRanges
    private var position = 0
    /// The open file, or -1.
    private var file: Int32 = -1
    private var offset = 0
    private var left = 0

    /// Opens the first file.
    /// - Throws: if it cannot be opened, or has not all bytes of its range.
    init(_ ranges: FileRanges) throws(FileRangeError) {
        self.ranges = ranges
        try openFile()
    }

    deinit { closeFile() }

    enum Progress {
        case done
        /// The socket takes no more now.
        case full
        /// It has taken enough for one turn.
        case more
        case failed
    }

    /// Sends what the socket takes, at most some megabytes.
    func send(to socket: Int32) -> Progress {
        for _ in 0..<16 {
            while left == 0 {
                closeFile()
                position += 1
                guard position < ranges.ranges.count else { return .done }
                do throws(FileRangeError) { try openFile() } catch { return .failed }
            }
            let count = cupel_send_file(socket, file, offset, UInt(min(left, 1 << 20)))
            if count > 0 {
                offset += count
                left -= count
            } else if count < 0, errno == EAGAIN {
                return .full
            } else if count == 0 || errno != EINTR {
                // The length is already sent, so only a broken connection tells the client that bytes are missing.
                return .failed
            }
        }
        return .more
    }

    private func closeFile() {
        if file >= 0 { closeDescriptor(file) }
        file = -1
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
        file = descriptor
        offset = range.offset
        left = range.length
    }
}

/// Why a file cannot be sent.
struct FileRangeError: Error, CustomStringConvertible {
    let path: String
    let fault: String
    var description: String { "the file \(path) cannot be sent: \(fault)" }
}
