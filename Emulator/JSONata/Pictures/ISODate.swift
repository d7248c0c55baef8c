internal import Time

/// An ISO 8601 date as `$toMillis` reads it: a year alone, a month, a day, or a day with a time, with or without an offset.
///
/// - SeeAlso: <https://docs.jsonata.org/date-time-functions#tomillis>
struct ISODate {
    let milliseconds: Int64

    init?(_ text: String) {
        let (date, time) =
            text.firstIndex(of: "T").map { (text[..<$0], text[text.index(after: $0)...]) } ?? (text[...], "00:00:00Z")
        let parts = date.split(separator: "-", omittingEmptySubsequences: false)
        guard (1...3).contains(parts.count), time == "00:00:00Z" || parts.count == 3 || text.contains("T") else {
            return nil
        }
        let day = (parts + ["01", "01"]).prefix(3).joined(separator: "-")
        var clock = String(time)
        let sign = clock.lastIndex { $0 == "+" || $0 == "-" }
        if let sign {
            // An offset may lack its colon.
            let digits = clock[clock.index(after: sign)...]
            if digits.count == 4, !digits.contains(":") {
                clock = clock[...sign] + digits.prefix(2) + ":" + digits.suffix(2)
            }
        } else if !clock.hasSuffix("Z") {
            clock += "Z"
        }
        guard let timestamp = Timestamp(rfc3339: "\(day)T\(clock)", upperCaseOnly: true) else { return nil }
        milliseconds = timestamp.milliseconds
    }
}
