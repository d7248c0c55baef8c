#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// SIGTERM, which ECS sends before SIGKILL. It is blocked, and checked between batches.
public enum Interruption {
    public static func listen() {
        var mask = terminationOnly
        pthread_sigmask(SIG_BLOCK, &mask, nil)
    }

    @Sendable public static func isAsked() -> Bool {
        var pending = sigset_t()
        sigpending(&pending)
        return sigismember(&pending, SIGTERM) == 1
    }

    private static var terminationOnly: sigset_t {
        var mask = sigset_t()
        sigemptyset(&mask)
        sigaddset(&mask, SIGTERM)
        return mask
    }
}
