extension Timestamp {
    /// `Tue, 03 Feb 2026 16:45:09 GMT`
    /// - SeeAlso: <https://www.rfc-editor.org/rfc/rfc9110#name-date-time-formats>
    public var httpDate: String {
        let date = date
        var text = DigitWriter()
        text.append(Self.weekdays[date.weekday])
        text.append(", ")
        text.append(date.day, width: 2)
        text.append(" ")
        text.append(Self.months[date.month - 1])
        text.append(" ")
        text.append(date.year, width: 4)
        text.append(" ")
        text.append(timeOfDay, separator: ":")
        text.append(" GMT")
        return text.text
    }

    /// Reads `Tue, 03 Feb 2026 16:45:09 GMT`; a day below 10 may be one digit, as mail writes it. Nil when the text has
    /// another form, which RFC 9110 says to ignore. The name of the weekday is not compared with the date.
    /// - SeeAlso: <https://www.rfc-editor.org/rfc/rfc9110#name-date-time-formats>
    public init?(httpDate text: String) {
        var reader = DigitReader(text)
        guard Self.weekdays.contains(where: { reader.skip($0) }), reader.skip(", "),
            let day = reader.number(digits: 2) ?? reader.number(digits: 1), reader.skip(" "),
            let month = Self.months.firstIndex(where: { reader.skip($0) }), reader.skip(" "),
            let year = reader.number(digits: 4), let date = CalendarDate(year: year, month: month + 1, day: day),
            reader.skip(" "), let time = reader.timeOfDay(), reader.skip(" GMT"), reader.isAtEnd
        else { return nil }
        self.init(date, time)
    }

    private static let weekdays: [StaticString] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
    private static let months: [StaticString] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]
}
