#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// What SIGTERM does to a function: it ends an idle one at once, with exit code 0, and a busy one after its answer.
enum Termination {
    /// Blocks SIGTERM for this thread and those that it starts, except while the runtime waits for its next event.
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
