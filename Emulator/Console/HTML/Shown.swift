internal import JSON

/// Values as people read them.
enum Shown {
    static let none = "–"
    private static let prettyLimit = 64 << 10

    /// `1234567` as `1,234,567`.
    static func count(_ value: Int?) -> String {
        guard let value else { return none }
        var text = ""
        let digits = String(value.magnitude)
        for (position, digit) in digits.enumerated() {
            if position > 0, (digits.count - position).isMultiple(of: 3) { text.append(",") }
            text.append(digit)
        }
        return value < 0 ? "−\(text)" : text
    }

    static func bytes(_ count: Int?) -> String {
        guard let count else { return none }
        let units = ["B", "kB", "MB", "GB", "TB"]
        var (value, unit) = (Double(count), 0)
        while value >= 1000, unit < units.count - 1 { (value, unit) = (value / 1000, unit + 1) }
        return "\(unit == 0 ? "\(count)" : decimal(value, places: 1)) \(units[unit])"
    }

    static func decimal(_ value: Double, places: Int) -> String {
        guard value.isFinite, value.magnitude < 1e12 else { return none }
        let scale = (0..<places).reduce(1) { scale, _ in scale * 10 }
        let scaled = Int((value.magnitude * Double(scale)).rounded())
        let fraction = String(scaled % scale)
        let zeros = String(repeating: "0", count: max(0, places - fraction.count))
        return (value < 0 && scaled > 0 ? "−" : "") + "\(scaled / scale)" + (places > 0 ? ".\(zeros)\(fraction)" : "")
    }

    /// `3.2 s`, `4 min 10 s`.
    static func duration(_ milliseconds: Int?) -> String {
        guard let milliseconds else { return none }
        switch milliseconds {
        case ..<1000: return "\(milliseconds) ms"
        case ..<60_000: return "\(decimal(Double(milliseconds) / 1000, places: 1)) s"
        case ..<3_600_000: return "\(milliseconds / 60_000) min \(milliseconds / 1000 % 60) s"
        case ..<172_800_000: return "\(milliseconds / 3_600_000) h \(milliseconds / 60_000 % 60) min"
        default: return "\(milliseconds / 86_400_000) days"
        }
    }

    /// An element with a time of the API; the script writes how long ago that was beside it.
    static func time(_ text: String?) -> HTML {
        guard let text, !text.isEmpty else { return "<span class=\"none\">–</span>" }
        let shown = text.count >= 19 ? "\(text.prefix(10)) \(text.dropFirst(11).prefix(8))" : text
        return "<time datetime=\"\(text)\">\(shown)</time>"
    }

    /// What is wrong with a record's file, without the file's own address: the line that has it names the file.
    static func error(of record: JSON) -> String {
        let own = "s3://\(record[text: "bucket"] ?? "")/\(record[text: "object_key"] ?? ""): "
        let message = record[text: "error_message"].map { $0.hasPrefix(own) ? String($0.dropFirst(own.count)) : $0 }
        return [record[text: "error_type"], message].compactMap(\.self).joined(separator: ": ")
    }

    static func value(_ value: JSON?) -> String {
        switch value {
        case nil, .null?: none
        case .string(let text)?: text
        case .number(let number)?: number.text
        case let value?: value.text
        }
    }

    /// A measured number with the digits that say something: `8.08`, `198`.
    static func measured(_ value: JSON?) -> String {
        guard let number = value?.double else { return self.value(value) }
        guard number != number.rounded() else { return decimal(number, places: 0) }
        return decimal(number, places: number.magnitude < 1 ? 4 : 2)
    }

    /// JSON on lines of their own, as far as a text is JSON.
    static func pretty(_ text: String?) -> String {
        guard let text else { return none }
        // A browser takes long for what nobody reads to its end.
        guard text.utf8.count <= prettyLimit else {
            return "\(text.prefix(prettyLimit))\n… and more: \(bytes(text.utf8.count)) in all"
        }
        guard let json = try? JSON(parsing: text) else { return text }
        var lines = ""
        write(json, indent: 0, to: &lines)
        return lines
    }

    private static func write(_ json: JSON, indent: Int, to text: inout String) {
        let inner = String(repeating: "  ", count: min(indent + 1, 40))
        let outer = String(repeating: "  ", count: min(indent, 40))
        switch json {
        case .object(let object) where !object.isEmpty && indent < 64:
            text += "{\n"
            for (place, (name, value)) in object.members.enumerated() {
                text += "\(inner)\(JSON.string(name).text): "
                write(value, indent: indent + 1, to: &text)
                text += place + 1 < object.count ? ",\n" : "\n"
            }
            text += outer + "}"
        case .array(let values) where !values.isEmpty && indent < 64:
            text += "[\n"
            for (place, value) in values.enumerated() {
                text += inner
                write(value, indent: indent + 1, to: &text)
                text += place + 1 < values.count ? ",\n" : "\n"
            }
            text += outer + "]"
        default: text += json.text
        }
    }
}
