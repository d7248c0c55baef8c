#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// The effect of SIGTERM: an idle function ends at once, a busy one after its answer, both with exit code 0.
enum Termination {
    /// Blocks SIGTERM for this thread and those that it starts, except while the runtime waits for the next event.
    static func deferUntilIdle() {
        var action = sigaction()
        #if canImport(Glibc)
            action.__sigaction_handler.sa_handler = { _ in _exit(0) }
        #elseif canImport(Musl)
            action.__sa_handler.sa_handler = { _ in _exit(0) }
        #endif
        sigaction(SIGTERM, &action, nil)
        var mask = sigset_t()
        sigemptyset(&mask)
        sigaddset(&mask, SIGTERM)
        pthread_sigmask(SIG_BLOCK, &mask, nil)
    }
}
