internal import ArgumentParser
internal import Time

/// A time in the past for `--since`: `2026-03-01T09:30:00Z`, or a duration before now: `90s`, `15m`, `2h`, `3d`.
struct Since: ExpressibleByArgument, Hashable, Sendable {
    let timestamp: Timestamp

    init?(argument: String) { self.init(argument, now: .now()) }

    init?(_ text: String, now: Timestamp) {
        let millisecondsInUnit: [Character: Int64] = ["s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000]
        if let timestamp = Timestamp(rfc3339: text) {
            self.timestamp = timestamp
        } else if let unit = text.last.flatMap({ millisecondsInUnit[$0] }), let count = Int64(text.dropLast()),
            (0...100_000_000).contains(count)
        {
            timestamp = now.advanced(byMilliseconds: -count * unit)
        } else {
            return nil
        }
    }
}
