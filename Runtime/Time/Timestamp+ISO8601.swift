// RFC 3339 is the profile of ISO 8601 that AWS's protocols use; Signature Version 4 has a form of its own.

extension Timestamp: CustomStringConvertible {
    /// `2026-03-01T09:30:00.250Z`. From year 0 to 9999 the width is fixed, so texts compare as the instants do.
    /// - SeeAlso: <https://www.rfc-editor.org/rfc/rfc3339#section-5.6>
    public var rfc3339: String {
        var text = DigitWriter()
        text.append(date, separator: "-")
        text.append("T")
        text.append(timeOfDay, separator: ":")
        text.append(".")
        text.append(Int(nanoseconds / 1_000_000), width: 3)
        text.append("Z")
        return text.text
    }

    /// `20260301T093000Z`, the form that Signature Version 4 signs.
    /// - SeeAlso: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html>
    public var basicISO8601: String {
        var text = DigitWriter()
        text.append(date, separator: nil)
        text.append("T")
        text.append(timeOfDay, separator: nil)
        text.append("Z")
        return text.text
    }

    /// Reads `20260301T093000Z`.
    public init?(basicISO8601 text: String) {
        var reader = DigitReader(text)
        guard let year = reader.number(digits: 4), let month = reader.number(digits: 2),
            let day = reader.number(digits: 2), let date = CalendarDate(year: year, month: month, day: day),
            reader.skip("T"), let hour = reader.number(digits: 2), let minute = reader.number(digits: 2),
            let second = reader.number(digits: 2),
            let time = TimeOfDay(hour: hour, minute: minute, second: second), reader.skip("Z"), reader.isAtEnd
        else { return nil }
        self.init(date, time)
    }

    /// `1772357400.250`: seconds since 1970, to the millisecond.
    /// - SeeAlso: <https://smithy.io/2.0/aws/protocols/aws-json-1_0-protocol.html>
    public var epochSeconds: String {
        let (whole, rest) = milliseconds.magnitude.quotientAndRemainder(dividingBy: 1000)
        var text = DigitWriter()
        if milliseconds < 0 { text.append("-") }
        text.append(whole, width: 1)
        text.append(".")
        text.append(rest, width: 3)
        return text.text
    }

    public var description: String { rfc3339 }

    /// Reads `2026-03-01T09:30:00Z`, with or without a fraction, with `Z` or an offset such as `+02:00`.
    ///
    /// Digits beyond nanoseconds are dropped. Nil when the text is anything else, or when no calendar has such a time.
    /// - SeeAlso: <https://www.rfc-editor.org/rfc/rfc3339#section-5.6>
    public init?(rfc3339 text: String) { self.init(rfc3339: text, upperCaseOnly: false) }

    /// - Parameter upperCaseOnly: refuses the `t`, the `z` and the space for a `T` that RFC 3339 allows, as the profile of
    ///   the Amazon States Language does.
    /// - SeeAlso: <https://states-language.net/spec.html#timestamps>
    public init?(rfc3339 text: String, upperCaseOnly: Bool) {
        var reader = DigitReader(text)
        guard let year = reader.number(digits: 4), reader.skip("-"), let month = reader.number(digits: 2),
            reader.skip("-"), let day = reader.number(digits: 2),
            let date = CalendarDate(year: year, month: month, day: day),
            reader.skip("T") || !upperCaseOnly && (reader.skip("t") || reader.skip(" ")),
            let time = reader.timeOfDay(), let fraction = reader.fraction(),
            let offset = reader.offset(upperCaseOnly: upperCaseOnly), reader.isAtEnd
        else { return nil }
        self.init(
            seconds: Int64(date.daysSinceEpoch * 86_400 + time.secondOfDay - offset), nanoseconds: Int32(fraction))
    }
}

extension DigitReader {
    /// Nanoseconds; 0 where no fraction follows, nil where digits are missing.
    fileprivate mutating func fraction() -> Int? {
        guard skip(".") else { return 0 }
        guard var value = number(digits: 1) else { return nil }
        var count = 1
        while let digit = number(digits: 1) {
            if count < 9 { value = value * 10 + digit }
            count += 1
        }
        for _ in min(count, 9)..<9 { value *= 10 }
        return value
    }

    /// Seconds east of UTC.
    fileprivate mutating func offset(upperCaseOnly: Bool) -> Int? {
        if skip("Z") || !upperCaseOnly && skip("z") { return 0 }
        let sign = skip("+") ? 1 : skip("-") ? -1 : 0
        guard sign != 0, let hours = number(digits: 2), skip(":"), let minutes = number(digits: 2), hours < 24,
            minutes < 60
        else { return nil }
        return sign * (hours * 3600 + minutes * 60)
    }
}
