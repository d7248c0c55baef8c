#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// Where time, waiting and random numbers come from: the system, or a test that brings its own.
public struct ClockAndChance: Sendable {
    /// The wall clock.
    public var now: @Sendable () -> Timestamp
    /// Time that never jumps, for deadlines.
    public var instant: @Sendable () -> ContinuousClock.Instant
    /// Returns once ``now`` has reached the time, or throws `CancellationError`.
    public var sleep: @Sendable (_ until: Timestamp) async throws -> Void
    /// Blocks the calling thread.
    public var block: @Sendable (Duration) -> Void
    /// 64 random bits.
    public var random: @Sendable () -> UInt64

    public static let system = ClockAndChance()

    /// What is not given comes from the system.
    public init(
        now: @escaping @Sendable () -> Timestamp = { .now() },
        instant: @escaping @Sendable () -> ContinuousClock.Instant = { .now },
        sleep: @escaping @Sendable (Timestamp) async throws -> Void = sleepOnSystemClock,
        block: @escaping @Sendable (Duration) -> Void = blockThread,
        random: @escaping @Sendable () -> UInt64 = { .random(in: .min ... .max) }
    ) {
        self.now = now
        self.instant = instant
        self.sleep = sleep
        self.block = block
        self.random = random
    }

    /// Evenly from 0..<1.
    public func fraction() -> Double { Double(random() >> 11) * 0x1p-53 }

    /// A random UUID.
    public func uuid() -> String { uuidText(random(), random()) }
}

extension RandomNumberGenerator {
    /// A random UUID.
    public mutating func uuid() -> String { uuidText(next(), next()) }
}

/// A version 4 UUID in lower case, of 122 of the bits given.
/// - SeeAlso: <https://www.rfc-editor.org/rfc/rfc9562#name-uuid-version-4>
private func uuidText(_ high: UInt64, _ low: UInt64) -> String {
    let words = [high & ~0xF000 | 0x4000, low & ~(3 << 62) | 2 << 62]
    let digits = Array("0123456789abcdef".utf8)
    var text: [UInt8] = []
    text.reserveCapacity(36)
    for position in 0..<32 {
        if [8, 12, 16, 20].contains(position) { text.append(UInt8(ascii: "-")) }
        text.append(digits[Int(words[position / 16] >> UInt64(60 - position % 16 * 4) & 15)])
    }
    return String(decoding: text, as: UTF8.self)
}

/// Sleeps until the wall clock shows `time`.
@Sendable public func sleepOnSystemClock(until time: Timestamp) async throws {
    try await Task.sleep(for: .milliseconds(max(0, time.milliseconds(since: .now()))))
}

/// Blocks the calling thread.
@Sendable public func blockThread(for duration: Duration) {
    let (seconds, attoseconds) = duration.components
    var wanted = timespec(tv_sec: Int(seconds), tv_nsec: Int(attoseconds / 1_000_000_000))
    var left = timespec()
    while nanosleep(&wanted, &left) == -1 && errno == EINTR { wanted = left }
}
