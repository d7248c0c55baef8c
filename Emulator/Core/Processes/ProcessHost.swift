internal import CProcess
internal import Synchronization
internal import Threads

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Musl
#endif

/// Starts processes and watches them, all from one thread that lives as long as the emulator.
///
/// On Linux, a child's parent-death signal is tied to the thread that started the child, so that thread must never end.
/// It sleeps in `poll` on the children's output pipes and process descriptors, and costs nothing while they are idle.
package final class ProcessHost: Sendable {
    private typealias Start = @Sendable (borrowing Watch) -> Void

    private let starts = Mutex<[Start]>([])
    /// A pipe that wakes the thread.
    private let wake: OutputPipe

    package init() {
        do {
            wake = try OutputPipe()
            wake.stopBlocking(wake.writing)
        } catch {
            preconditionFailure("cannot create a pipe for the process host (errno \(error.code))")
        }
        SystemThread { self.serve() }.detach()
    }

    /// Starts `command`; `line` is called with each line that it writes, in order.
    package func start(
        _ command: Command, line: @escaping @Sendable (String) -> Void
    ) async throws(ProcessError) -> ChildProcess {
        let result = await withCheckedContinuation { continuation in
            submit { watch in continuation.resume(returning: watch.start(command, line: line)) }
        }
        return try result.get()
    }

    private func submit(_ start: @escaping Start) {
        starts.withLock { $0.append(start) }
        var byte: UInt8 = 0
        // A full pipe means that a wake-up is already pending.
        _ = write(wake.writing, &byte, 1)
    }

    private func serve() {
        let watch = Watch(wake: wake.reading)
        while true {
            watch.waitAndHandle()
            let pending = starts.withLock { starts in
                defer { starts = [] }
                return starts
            }
            for start in pending { start(watch) }
        }
    }
}

/// The children that the host's thread watches; only that thread uses it.
private struct Watch: ~Copyable {
    private final class Children {
        /// By process descriptor.
        var byDescriptor: [Int32: (process: ChildProcess, output: Int32)] = [:]
    }

    private let wake: Int32
    private let children = Children()

    init(wake: Int32) { self.wake = wake }

    func start(_ command: Command, line: @escaping @Sendable (String) -> Void) -> Result<ChildProcess, ProcessError> {
        let output: OutputPipe
        do { output = try OutputPipe() } catch { return .failure(failure(command, error.code)) }
        defer { close(output.writing) }
        let input: InputSocket?
        do { input = command.readsInput ? try InputSocket() : nil } catch {
            close(output.reading)
            return .failure(failure(command, error.code))
        }
        defer { if let input { close(input.reading) } }
        let id = Self.spawn(command, input: input?.reading ?? -1, output: output.writing)
        let descriptor = id > 0 ? cupel_process_descriptor(id) : id
        guard descriptor >= 0 else {
            close(output.reading)
            if let input { close(input.writing) }
            if id > 0 {
                kill(id, SIGKILL)
                waitpid(id, nil, 0)
            }
            return .failure(failure(command, -descriptor))
        }
        let process = ChildProcess(id: id, input: input?.writing, output: output.reading, line: line)
        children.byDescriptor[descriptor] = (process, output.reading)
        return .success(process)
    }

    private func failure(_ command: Command, _ code: Int32) -> ProcessError {
        ProcessError(path: command.path, reason: String(cString: strerror(code)))
    }

    private static func spawn(_ command: Command, input: Int32, output: Int32) -> Int32 {
        let environment = command.environment.map { "\($0.key)=\($0.value)" }
        return withPointers(to: [command.path] + command.arguments) { arguments in
            withPointers(to: environment) { environment in
                for attempt in 1...busyAttempts {
                    let id = cupel_spawn(command.path, arguments, environment, command.directory, input, output)
                    guard id == -ETXTBSY, attempt < busyAttempts else { return id }
                    usleep(busyPauseInMicroseconds)
                }
                return -ETXTBSY
            }
        }
    }

    // A program that was just written can be busy briefly: a child that was forked meanwhile keeps the descriptor open
    // for writing until its own exec.
    private static let busyAttempts = 20
    private static let busyPauseInMicroseconds: UInt32 = 2000

    /// Calls `body` with a NULL-terminated array of C strings, valid during the call.
    private static func withPointers<Value>(
        to strings: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> Value
    ) -> Value {
        let pointers = strings.map { strdup($0) } + [nil]
        defer { for pointer in pointers { free(pointer) } }
        return body(pointers)
    }

    /// Sleeps until there is output, an ended child, or a start request; handles the first two.
    func waitAndHandle() {
        let watched = children.byDescriptor.map {
            (descriptor: $0.key, process: $0.value.process, output: $0.value.output)
        }
        var polled = [pollfd(fd: wake, events: Int16(POLLIN), revents: 0)]
        for child in watched {
            polled.append(pollfd(fd: child.descriptor, events: Int16(POLLIN), revents: 0))
            polled.append(pollfd(fd: child.output, events: Int16(POLLIN), revents: 0))
        }
        guard poll(&polled, nfds_t(polled.count), -1) > 0 else { return }
        var rings = [UInt8](repeating: 0, count: 64)
        while read(wake, &rings, rings.count) == rings.count {}
        for (position, child) in watched.enumerated() {
            let (end, output) = (polled[1 + 2 * position], polled[2 + 2 * position])
            if end.revents != 0 {
                children.byDescriptor[child.descriptor] = nil
                close(child.descriptor)
                child.process.reap()
            } else if output.revents != 0, !child.process.drain() {
                // The child closed its output but still runs: without this, poll would return at once for ever.
                children.byDescriptor[child.descriptor]?.output = -1
            }
        }
    }
}

/// A pipe whose reading end does not block. The writing end does, because a child would lose output to a full pipe.
private struct OutputPipe: Sendable {
    struct Failure: Error { let code: Int32 }

    let reading: Int32
    let writing: Int32

    /// Children inherit neither end: `cupel_spawn` closes all descriptors that it does not pass on.
    init() throws(Failure) {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw Failure(code: errno) }
        (reading, writing) = (ends[0], ends[1])
        stopBlocking(reading)
    }

    func stopBlocking(_ end: Int32) { _ = fcntl(end, F_SETFL, O_NONBLOCK) }
}

/// A pair of sockets, because a write to a pipe that nobody reads any more would end this process.
private struct InputSocket: Sendable {
    let reading: Int32
    let writing: Int32

    init() throws(OutputPipe.Failure) {
        var ends: [Int32] = [-1, -1]
        #if canImport(Glibc)
            let type = Int32(SOCK_STREAM.rawValue)
        #else
            let type = SOCK_STREAM
        #endif
        guard socketpair(AF_UNIX, type, 0, &ends) == 0 else { throw OutputPipe.Failure(code: errno) }
        (reading, writing) = (ends[0], ends[1])
    }
}
