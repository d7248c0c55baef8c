#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// An instant in UTC. Texts that AWS and the control record write carry its milliseconds.
public struct Timestamp: Sendable, Hashable {
    /// Seconds since 1970-01-01T00:00:00Z, rounded down.
    public let seconds: Int64
    /// 0 ..< 1,000,000,000, always forward from ``seconds``.
    public let nanoseconds: Int32

    public init(seconds: Int64, nanoseconds: Int32 = 0) {
        self.seconds = seconds
        self.nanoseconds = nanoseconds
    }

    /// - Parameter milliseconds: since 1970-01-01T00:00:00Z.
    public init(milliseconds: Int64) {
        let (quotient, remainder) = milliseconds.quotientAndRemainder(dividingBy: 1000)
        seconds = remainder < 0 ? quotient - 1 : quotient
        nanoseconds = Int32(remainder < 0 ? remainder + 1000 : remainder) * 1_000_000
    }

    public init(_ date: CalendarDate, _ time: TimeOfDay) {
        self.init(seconds: Int64(date.daysSinceEpoch * 86_400 + time.secondOfDay))
    }

    /// The wall clock, to the millisecond.
    public static func now() -> Timestamp {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(seconds: Int64(time.tv_sec), nanoseconds: Int32(time.tv_nsec / 1_000_000 * 1_000_000))
    }

    /// Milliseconds since 1970-01-01T00:00:00Z, rounded down.
    public var milliseconds: Int64 {
        // Long before 1970 the product alone overflows, and the sum does not.
        seconds &* 1000 &+ Int64(nanoseconds / 1_000_000)
    }

    /// The instant `milliseconds` later.
    public func advanced(byMilliseconds milliseconds: Int64) -> Timestamp {
        let start = Timestamp(milliseconds: self.milliseconds + milliseconds)
        return Timestamp(seconds: start.seconds, nanoseconds: start.nanoseconds + nanoseconds % 1_000_000)
    }

    /// Milliseconds from `earlier` to this instant.
    public func milliseconds(since earlier: Timestamp) -> Int64 { milliseconds - earlier.milliseconds }

    /// The day in UTC.
    public var date: CalendarDate { CalendarDate(daysSinceEpoch: Int(days)) }

    /// The time of day in UTC.
    public var timeOfDay: TimeOfDay { TimeOfDay(secondOfDay: Int(seconds - days * 86_400)) }

    private var days: Int64 {
        let (quotient, remainder) = seconds.quotientAndRemainder(dividingBy: 86_400)
        return remainder < 0 ? quotient - 1 : quotient
    }
}

extension Timestamp: Comparable {
    public static func < (left: Timestamp, right: Timestamp) -> Bool {
        (left.seconds, left.nanoseconds) < (right.seconds, right.nanoseconds)
    }
}
