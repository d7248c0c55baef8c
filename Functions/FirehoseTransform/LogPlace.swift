internal import Time

/// Where a change is in the log of its source, as far as the envelope says.
struct LogPlace {
    /// When the source committed the change, in microseconds since 1970.
    let committed: UInt64?
    /// The position in the log (LSN); nil if it is not PostgreSQL's.
    let position: UInt64?
    /// The place among the changes of the transaction.
    let index: UInt64
}

extension JSONString {
    /// Microseconds since 1970 of a time as in RFC 3339, such as `2026-01-02T03:04:05.678901Z`. Digits beyond are dropped.
    var microseconds: UInt64? {
        if !hasEscapes, let time = written.microsecondsOfUTC { return time }
        guard let time = Timestamp(rfc3339: string), time.seconds >= 0 else { return nil }
        return UInt64(time.seconds) * 1_000_000 + UInt64(time.nanoseconds / 1000)
    }

    /// A position in PostgreSQL's log, `16/B374D848`; DMS writes more behind a point, `00000002/7C007178.3.00000002/7C007178`.
    /// - SeeAlso: <https://www.postgresql.org/docs/current/datatype-pg-lsn.html>
    var logPosition: UInt64? {
        // Some writers of JSON escape the slash.
        hasEscapes ? ByteSlice.of(Array(string.utf8)) { $0.logPosition } : written.logPosition
    }
}

extension ByteSlice {
    /// The spelling of nearly all times, without the copies that the general parser makes.
    fileprivate var microsecondsOfUTC: UInt64? {
        guard count >= 20, count <= 40, start[count - 1] == UInt8(ascii: "Z"),
            start[4] == UInt8(ascii: "-"), start[7] == UInt8(ascii: "-"), start[10] == UInt8(ascii: "T"),
            start[13] == UInt8(ascii: ":"), start[16] == UInt8(ascii: ":"),
            let year = number(0..<4, radix: 10), let month = number(5..<7, radix: 10),
            let day = number(8..<10, radix: 10), let hour = number(11..<13, radix: 10),
            let minute = number(14..<16, radix: 10), let second = number(17..<19, radix: 10),
            year >= 1970, hour < 24, minute < 60, second < 60,
            let date = CalendarDate(year: Int(year), month: Int(month), day: Int(day))
        else { return nil }
        let seconds = UInt64(date.daysSinceEpoch) * 86_400 + hour * 3600 + minute * 60 + second
        guard count > 20 else { return seconds * 1_000_000 }
        guard count > 21, start[19] == UInt8(ascii: "."), number(20..<count - 1, radix: 10) != nil,
            var fraction = number(20..<min(count - 1, 26), radix: 10)
        else { return nil }
        for _ in min(count - 1, 26)..<26 { fraction *= 10 }
        return seconds * 1_000_000 + fraction
    }

    fileprivate var logPosition: UInt64? {
        let slash = (0..<min(count, 9)).first { start[$0] == UInt8(ascii: "/") }
        guard let slash, slash > 0 else { return nil }
        let rest = slash + 1..<min(count, slash + 10)
        let end = rest.first { start[$0] == UInt8(ascii: ".") } ?? count
        guard end > slash + 1, end <= slash + 9, let high = number(0..<slash, radix: 16),
            let low = number(slash + 1..<end, radix: 16)
        else { return nil }
        return high << 32 | low
    }
}
