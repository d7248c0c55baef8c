#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// A thread of the operating system, for work that blocks. Join or detach it exactly once.
public struct SystemThread: Sendable {
    private final class Body {
        let run: @Sendable () -> Void
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }

    private let handle: pthread_t

    /// Starts the thread, which runs until `body` returns.
    public init(_ body: @escaping @Sendable () -> Void) {
        var handle = pthread_t()
        let status = pthread_create(
            &handle, nil,
            { argument in
                argument.map { Unmanaged<Body>.fromOpaque($0).takeRetainedValue().run() }
                return nil
            }, Unmanaged.passRetained(Body(body)).toOpaque())
        precondition(status == 0, "the system cannot start a thread (errno \(status))")
        self.handle = handle
    }

    /// Waits until the thread has ended.
    public func join() { pthread_join(handle, nil) }

    /// Lets the thread outlive the one that started it.
    public func detach() { pthread_detach(handle) }
}
