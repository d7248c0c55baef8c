#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

/// A counting semaphore that blocks its thread. Tasks of the concurrent pool must not wait on it.
final class Semaphore: @unchecked Sendable {
    // Sendable: several threads may use a sem_t, and its address is stable.
    private let semaphore = UnsafeMutablePointer<sem_t>.allocate(capacity: 1)

    init(_ count: UInt32 = 0) { sem_init(semaphore, 0, count) }

    deinit {
        sem_destroy(semaphore)
        semaphore.deallocate()
    }

    func signal() { sem_post(semaphore) }

    func wait() {
        while sem_wait(semaphore) != 0 {}
    }
}
