#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

/// Where the emulator's time and ids come from: the system, or a test.
package struct Ambient: Sendable {
    /// Milliseconds since 1970-01-01T00:00:00Z.
    package var now: @Sendable () -> Int64
    /// Waits until `now` has reached the given time, or throws `CancellationError`.
    package var sleep: @Sendable (_ until: Int64) async throws -> Void
    /// A fresh UUID, lowercase.
    package var uuid: @Sendable () -> String

    package init(
        now: @escaping @Sendable () -> Int64, sleep: @escaping @Sendable (Int64) async throws -> Void,
        uuid: @escaping @Sendable () -> String
    ) {
        self.now = now
        self.sleep = sleep
        self.uuid = uuid
    }

    package static let system = Ambient(
        now: systemNow,
        sleep: { until in try await Task.sleep(for: .milliseconds(max(0, until - systemNow()))) },
        uuid: { randomUUID(from: SystemRandomNumberGenerator()) })

    private static func systemNow() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
    }

    /// A version 4 UUID out of `generator`.
    package static func randomUUID(from generator: some RandomNumberGenerator) -> String {
        var generator = generator
        let high = generator.next() & ~0xF000 | 0x4000
        let low = generator.next() & ~(3 << 62) | 2 << 62
        let digits = hexadecimal(high) + hexadecimal(low)
        var text = ""
        for (position, digit) in digits.enumerated() {
            if [8, 12, 16, 20].contains(position) { text.append("-") }
            text.append(digit)
        }
        return text
    }

    private static func hexadecimal(_ word: UInt64) -> String {
        let digits = String(word, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
