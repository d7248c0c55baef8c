internal import EmulatorCore
internal import JSON

extension Timestamp {
    /// Seconds since 1970 with their milliseconds, as the JSON protocol carries times.
    var epochSeconds: JSON {
        let fraction = String(1000 + milliseconds % 1000).dropFirst()
        return JSONNumber("\(milliseconds / 1000).\(fraction)").map { .number($0) } ?? .int(milliseconds / 1000)
    }
}
