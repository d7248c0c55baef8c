#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

/// A counting semaphore that blocks its thread; never waited on by a task of the concurrent pool.
final class Semaphore: @unchecked Sendable {
    // Sendable: sem_t is made for use by several threads; its address is stable.
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
