#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// SIGTERM and SIGINT. They are blocked, and asked for between messages.
enum Interruption {
    static func listen() {
        var mask = signals
        pthread_sigmask(SIG_BLOCK, &mask, nil)
        // A connection that was lost is an error, not the end.
        signal(SIGPIPE, SIG_IGN)
    }

    /// Whether the process that started this one has ended: then another one is its parent.
    static func isOrphaned(of parent: Int32) -> Bool { getppid() != parent }

    static func parent() -> Int32 { getppid() }

    @Sendable static func isAsked() -> Bool {
        var pending = sigset_t()
        sigpending(&pending)
        return sigismember(&pending, SIGTERM) == 1 || sigismember(&pending, SIGINT) == 1
    }

    private static var signals: sigset_t {
        var mask = sigset_t()
        sigemptyset(&mask)
        sigaddset(&mask, SIGTERM)
        sigaddset(&mask, SIGINT)
        return mask
    }
}
