#if canImport(Glibc)
    internal import Glibc
#else
    internal import Musl
#endif

/// SIGINT and SIGTERM as something to wait for. A second one ends the process at once.
final class Interrupts: Sendable {
    private let reading: Int32

    /// Takes the signals over.
    init() {
        var ends: [Int32] = [-1, -1]
        precondition(pipe(&ends) == 0, "no descriptor is left for signals")
        reading = ends[0]
        signalPipe = ends[1]
        for number in [SIGINT, SIGTERM] {
            signal(number) { number in
                // Only async-signal-safe calls here.
                var byte = UInt8(truncatingIfNeeded: number)
                _ = write(signalPipe, &byte, 1)
                signal(number, SIG_DFL)
            }
        }
        signal(SIGPIPE, SIG_IGN)
    }

    /// Waits for the first of them.
    func first() async {
        let reading = reading
        await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
            let waiting = Unmanaged.passRetained(Waiting(reading: reading, continuation: continuation)).toOpaque()
            var thread = pthread_t()
            let started = pthread_create(
                &thread, nil,
                { argument in
                    guard let argument else { return nil }
                    let waiting = Unmanaged<Waiting>.fromOpaque(argument).takeRetainedValue()
                    var byte: UInt8 = 0
                    while read(waiting.reading, &byte, 1) < 0, errno == EINTR {}
                    waiting.continuation.resume()
                    return nil
                }, waiting)
            precondition(started == 0, "no thread could be started")
            pthread_detach(thread)
        }
    }

    private final class Waiting {
        let reading: Int32
        let continuation: CheckedContinuation<Void, Never>

        init(reading: Int32, continuation: CheckedContinuation<Void, Never>) {
            self.reading = reading
            self.continuation = continuation
        }
    }
}

/// Written once before the handlers are set, read by them alone.
private nonisolated(unsafe) var signalPipe: Int32 = -1
