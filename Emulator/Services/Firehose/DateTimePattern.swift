internal import EmulatorCore
internal import Time

/// A pattern of Java's DateTimeFormatter, of digits and literal text: `yyyy/MM/dd/HH`.
/// - SeeAlso: <https://docs.oracle.com/javase/8/docs/api/java/time/format/DateTimeFormatter.html>
struct DateTimePattern: Sendable, Hashable {
    private enum Piece: Hashable {
        case text(String)
        case number(Field, width: Int)
    }

    private enum Field: Character {
        case year = "y"
        case yearOfEra = "u"
        case month = "M"
        case day = "d"
        case hour = "H"
        case minute = "m"
        case second = "s"
        case fraction = "S"
    }

    /// The pattern as written.
    let text: String
    private let pieces: [Piece]

    /// - Throws: ``AWSFault`` for a letter that is not emulated, such as a zone or the name of a month.
    init(_ text: String) throws(AWSFault) {
        self.text = text
        var pieces: [Piece] = []
        var rest = text[...]
        while let character = rest.first {
            if character == "'" {
                rest.removeFirst()
                guard let end = rest.firstIndex(of: "'") else {
                    throw .firehoseArgument("The timestamp pattern \(text) has a quote without an end.")
                }
                pieces.append(.text(end == rest.startIndex ? "'" : String(rest[..<end])))
                rest = rest[rest.index(after: end)...]
                continue
            }
            let run = rest.prefix { $0 == character }
            rest = rest.dropFirst(run.count)
            guard character.isASCII, character.isLetter else {
                pieces.append(.text(String(run)))
                continue
            }
            guard let field = Field(rawValue: character), field != .month || run.count <= 2 else {
                throw .notEmulated("The letters \(run) of the timestamp pattern \(text)")
            }
            pieces.append(.number(field, width: run.count))
        }
        self.pieces = pieces
    }

    /// - Parameter moment: milliseconds since 1970; the text is in UTC.
    func text(at moment: Int64) -> String {
        let moment = Timestamp(milliseconds: moment)
        let (date, time) = (moment.date, moment.timeOfDay)
        return pieces.map { piece in
            switch piece {
            case .text(let text): text
            // A year of two letters is written with its last two digits.
            case .number(.year, width: 2), .number(.yearOfEra, width: 2): Self.padded(date.year % 100, 2)
            case .number(.year, let width), .number(.yearOfEra, let width): Self.padded(date.year, width)
            case .number(.month, let width): Self.padded(date.month, width)
            case .number(.day, let width): Self.padded(date.day, width)
            case .number(.hour, let width): Self.padded(time.hour, width)
            case .number(.minute, let width): Self.padded(time.minute, width)
            case .number(.second, let width): Self.padded(time.second, width)
            case .number(.fraction, let width): Self.fraction(moment.nanoseconds, width)
            }
        }.joined()
    }

    private static func padded(_ number: Int, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
    }

    private static func fraction(_ nanoseconds: Int32, _ width: Int) -> String {
        let digits = padded(Int(nanoseconds), 9)
        return String(digits.prefix(width)) + String(repeating: "0", count: max(0, width - 9))
    }
}
