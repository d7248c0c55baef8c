#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// SIGTERM, which ECS sends before SIGKILL, and SIGINT. They are blocked, and checked between batches.
public enum Interruption {
    /// - Parameter alsoToKeyboard: whether SIGINT is one; else it ends the process at once.
    public static func listen(alsoToKeyboard: Bool = false) {
        var mask = sigset_t()
        sigemptyset(&mask)
        sigaddset(&mask, SIGTERM)
        if alsoToKeyboard { sigaddset(&mask, SIGINT) }
        pthread_sigmask(SIG_BLOCK, &mask, nil)
    }

    @Sendable public static func isAsked() -> Bool {
        var pending = sigset_t()
        sigpending(&pending)
        // Only what is blocked can be pending.
        return sigismember(&pending, SIGTERM) == 1 || sigismember(&pending, SIGINT) == 1
    }
}
