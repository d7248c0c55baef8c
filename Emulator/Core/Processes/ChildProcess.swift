internal import Synchronization

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Musl
#endif

/// A running process, started by a ``ProcessHost``.
package final class ChildProcess: Sendable {
    private struct Output {
        var descriptor: Int32
        var splitter = LineSplitter()
    }

    package let id: Int32
    /// Whether the process has been waited for. From then on, its ID may belong to another process.
    private let isGone = Mutex(false)
    private let ending = Promise<ProcessEnd>()
    private let output: Mutex<Output>
    /// The writing end of the child's standard input; nil if it has none, or if it was closed.
    private let input: Mutex<Int32?>
    /// Held by who writes, so that texts do not mix.
    private let writing = Mutex(())
    private let line: @Sendable (String) -> Void

    /// - Parameters:
    ///   - input: the writing end of the socket that is the child's standard input; nil if it has none.
    ///   - output: the reading end of the pipe that is the child's standard output; non-blocking.
    package init(id: Int32, input: Int32? = nil, output: Int32, line: @escaping @Sendable (String) -> Void) {
        self.id = id
        self.input = Mutex(input)
        self.output = Mutex(Output(descriptor: output))
        self.line = line
    }

    /// Sends a signal to the process and all processes that it started; does nothing once it has ended.
    package func signal(_ number: Int32) {
        isGone.withLock { isGone in
            if !isGone { kill(-id, number) }
        }
    }

    /// Writes to the standard input of a process that was started with one. Blocks while the process does not read.
    /// - Returns: whether everything was written; a process that has ended reads nothing.
    @discardableResult
    package func write(_ text: String) -> Bool {
        writing.withLock { _ in
            // A descriptor of its own: the input must close while this waits, as a process that has ended can leave another
            // one that does not read.
            let descriptor = input.withLock { input in input.map { fcntl($0, F_DUPFD_CLOEXEC, 0) } ?? -1 }
            guard descriptor >= 0 else { return false }
            defer { close(descriptor) }
            let bytes = Array(text.utf8)
            var done = 0
            while done < bytes.count {
                let count = bytes.withUnsafeBytes { bytes in
                    send(descriptor, bytes.baseAddress.map { $0 + done }, bytes.count - done, Int32(MSG_NOSIGNAL))
                }
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { return false }
                done += count
            }
            return true
        }
    }

    /// Ends the standard input, and the writing that waits for it.
    private func closeInput() {
        input.withLock { input in
            if let descriptor = input {
                shutdown(descriptor, Int32(SHUT_WR))
                close(descriptor)
            }
            input = nil
        }
    }

    /// Waits until the process has ended and its output has been delivered.
    package func ended() async -> ProcessEnd { await ending.value }

    /// How the process ended; nil while it runs.
    package var end: ProcessEnd? { ending.settled }

    /// Delivers what the process has written so far.
    /// - Returns: false at the end of the pipe.
    @discardableResult
    package func drain() -> Bool {
        output.withLock { output in
            guard output.descriptor >= 0 else { return false }
            return withUnsafeTemporaryAllocation(byteCount: 16 << 10, alignment: 1) { buffer in
                while true {
                    let count = read(output.descriptor, buffer.baseAddress, buffer.count)
                    if count > 0 {
                        for text in output.splitter.add(buffer[..<count]) { line(text) }
                    } else if count == 0 {
                        return false
                    } else if errno != EINTR {
                        return true
                    }
                }
            }
        }
    }

    /// Reaps the process, which has ended, and resumes its waiters. The host calls this once.
    package func reap() {
        var status: Int32 = 0
        isGone.withLock { isGone in
            while waitpid(id, &status, 0) < 0, errno == EINTR {}
            isGone = true
        }
        drain()
        closeInput()
        output.withLock { output in
            if let text = output.splitter.finish() { line(text) }
            close(output.descriptor)
            output.descriptor = -1
        }
        let signal = status & 0x7F
        ending.settle(signal == 0 ? .status(status >> 8 & 0xFF) : .signal(signal))
    }

    // MARK: Memory

    /// The current resident memory in bytes; 0 if the process has ended.
    package var residentBytes: Int {
        let fields = Self.text(ofFile: "/proc/\(id)/statm").split(separator: " ")
        guard fields.count > 1, let pages = Int(fields[1]) else { return 0 }
        return pages * Int(sysconf(Int32(_SC_PAGESIZE)))
    }

    /// The peak resident memory in bytes; 0 if the process has ended.
    package var peakResidentBytes: Int {
        // Bytes, because finding the characters of sixty lines takes longer than all else that ends an invocation.
        let status = Self.bytes(ofFile: "/proc/\(id)/status")
        var position = status.startIndex
        while position < status.endIndex {
            if status[position...].starts(with: "VmHWM:".utf8) {
                var kilobytes = 0
                while position < status.endIndex, status[position] != 0x0A {
                    if (0x30...0x39).contains(status[position]) {
                        kilobytes = kilobytes &* 10 &+ Int(status[position] - 0x30)
                    }
                    position += 1
                }
                return kilobytes << 10
            }
            while position < status.endIndex, status[position] != 0x0A { position += 1 }
            position += 1
        }
        return 0
    }

    package static func text(ofFile path: String) -> String {
        String(decoding: bytes(ofFile: path), as: UTF8.self)
    }

    /// The first bytes of a short file of the system; none if it cannot be read.
    private static func bytes(ofFile path: String) -> ArraySlice<UInt8> {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return [] }
        defer { close(file) }
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = read(file, &buffer, buffer.count)
        return buffer[..<max(0, count)]
    }
}
