#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// A pipe by which other threads end a wait for sockets.
///
/// Sendable: descriptors are numbers, and the system's calls on them are atomic.
final class Wakeup: Sendable {
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    private let reading: Int32
    private let writing: Int32

    init() throws(Failure) {
        var ends: [Int32] = [0, 0]
        guard pipe(&ends) == 0 else {
            throw Failure(description: "the system has no pipe left (errno \(errno)); raise the limit of open files")
        }
        for end in ends { _ = fcntl(end, F_SETFL, O_NONBLOCK) }
        (reading, writing) = (ends[0], ends[1])
    }

    deinit {
        close(reading)
        close(writing)
    }

    func wake() {
        var byte: UInt8 = 0
        _ = write(writing, &byte, 1)
    }

    /// Waits for ``wake()``, or for input on `socket`.
    func wait(on socket: Int32 = -1, milliseconds: Int) {
        var descriptors = [
            pollfd(fd: reading, events: Int16(POLLIN), revents: 0),
            pollfd(fd: socket, events: Int16(POLLIN), revents: 0),
        ]
        _ = poll(&descriptors, nfds_t(descriptors.count), Int32(milliseconds))
        guard descriptors[0].revents != 0 else { return }
        var bytes = [UInt8](repeating: 0, count: 64)
        while read(reading, &bytes, bytes.count) == bytes.count {}
    }
}
