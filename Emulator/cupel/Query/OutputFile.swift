#if canImport(Glibc)
    internal import Glibc
#else
    internal import Musl
#endif

/// A file that is written piece by piece and appears when it is complete.
final class OutputFile {
    private let path: String
    private let partial: String
    private var descriptor: Int32

    init(path: String) throws(CommandFailure) {
        self.path = path
        partial = path + ".part"
        descriptor = open(partial, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw .file("cannot create", partial, errno) }
    }

    deinit { abort() }

    func write(_ bytes: UnsafeRawBufferPointer) throws(CommandFailure) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let written = descriptorWrite(descriptor, UnsafeRawBufferPointer(rebasing: rest))
            if written < 0, errno == EINTR { continue }
            guard written > 0 else { throw .file("cannot write", partial, errno) }
            rest = rest.dropFirst(written)
        }
    }

    /// Gives the file its name, in place of an older one.
    func finish() throws(CommandFailure) {
        let failed = close(descriptor) != 0
        descriptor = -1
        guard !failed, rename(partial, path) == 0 else {
            let code = errno
            unlink(partial)
            throw .file("cannot write", path, code)
        }
    }

    private func abort() {
        guard descriptor >= 0 else { return }
        close(descriptor)
        descriptor = -1
        unlink(partial)
    }
}
