internal import Threads

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Musl
#endif

/// Waits for SIGINT or SIGTERM. A second signal ends the process at once.
final class Interrupts: Sendable {
    private let reading: Int32

    /// Installs the signal handlers.
    init() {
        var ends: [Int32] = [-1, -1]
        precondition(pipe(&ends) == 0, "cannot create a pipe for signals")
        reading = ends[0]
        signalPipe = ends[1]
        for number in [SIGINT, SIGTERM] {
            signal(number) { number in
                // Only async-signal-safe calls are allowed here.
                var byte = UInt8(truncatingIfNeeded: number)
                _ = write(signalPipe, &byte, 1)
                signal(number, SIG_DFL)
            }
        }
        signal(SIGPIPE, SIG_IGN)
    }

    /// Waits for the first signal.
    func first() async {
        let reading = reading
        await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
            SystemThread {
                var byte: UInt8 = 0
                while read(reading, &byte, 1) < 0, errno == EINTR {}
                continuation.resume()
            }.detach()
        }
    }
}

/// Written once before the handlers are installed; only they read it.
private nonisolated(unsafe) var signalPipe: Int32 = -1
