#if canImport(Glibc)
    internal import Glibc
#else
    internal import Musl
#endif

/// Standard output or error, without a buffer.
struct StandardStream: Sendable {
    static let output = StandardStream(descriptor: STDOUT_FILENO)
    static let error = StandardStream(descriptor: STDERR_FILENO)

    let descriptor: Int32

    var isTerminal: Bool { isatty(descriptor) == 1 }

    /// The columns of the terminal; nil if this is not a terminal.
    var width: Int? {
        var size = winsize()
        guard isTerminal, ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return nil }
        return Int(size.ws_col)
    }

    /// Writes all of `text`. A closed pipe (`cupel status | head`) is not an error.
    func write(_ text: String) { Array(text.utf8).withUnsafeBytes { write($0) } }

    /// Writes all bytes, like ``write(_:)-(String)``.
    func write(_ bytes: UnsafeRawBufferPointer) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let written = descriptorWrite(descriptor, UnsafeRawBufferPointer(rebasing: rest))
            if written < 0, errno == EINTR { continue }
            guard written > 0 else { return }
            rest = rest.dropFirst(written)
        }
    }

    func line(_ text: String = "") { write(text + "\n") }
}

/// Calls write(2) with a whole buffer; returns -1 and sets `errno` on failure.
func descriptorWrite(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer) -> Int {
    write(descriptor, bytes.baseAddress, bytes.count)
}
