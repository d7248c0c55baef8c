/// The text of a result's file: every value between quotation marks, a null nothing.
enum ResultText {
    /// The first line, with the columns' names.
    static func header(_ columns: [ResultColumn]) -> [UInt8] {
        Array((columns.map { quoted($0.name) }.joined(separator: ",") + "\n").utf8)
    }

    private static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            if scalar == "\"" { result += "\"" }
            result.unicodeScalars.append(scalar)
        }
        return result + "\""
    }

    /// Reads rows from the beginning of some bytes of a file.
    /// - Parameters:
    ///   - isWhole: whether the bytes go to the end of the file; otherwise a last row without its end is left.
    /// - Returns: the rows, nil for a null, and the bytes that they take.
    static func rows(
        of bytes: [UInt8], limit: Int, isWhole: Bool
    ) -> (rows: [[String?]], length: Int) {
        var rows: [[String?]] = []
        var length = 0
        var place = 0
        var row: [String?] = []
        while place < bytes.count, rows.count < limit {
            var value: String?
            if bytes[place] == UInt8(ascii: "\"") {
                guard let (text, end) = quotedValue(bytes, from: place) else { break }
                (value, place) = (text, end)
            } else {
                let start = place
                while place < bytes.count, bytes[place] != UInt8(ascii: ","), bytes[place] != UInt8(ascii: "\n") {
                    place += 1
                }
                value = place > start ? String(decoding: bytes[start..<place], as: UTF8.self) : nil
            }
            row.append(value)
            guard place < bytes.count else { break }
            if bytes[place] == UInt8(ascii: "\n") {
                rows.append(row)
                row = []
                length = place + 1
            }
            place += 1
        }
        if isWhole, rows.count < limit, !row.isEmpty {
            rows.append(row)
            length = bytes.count
        }
        return (rows, length)
    }

    /// Reads lines like ``rows(of:limit:isWhole:)``: each is a row with one value.
    static func lines(of bytes: [UInt8], limit: Int, isWhole: Bool) -> (rows: [[String?]], length: Int) {
        var rows: [[String?]] = []
        var length = 0
        while length < bytes.count, rows.count < limit {
            let end = bytes[length...].firstIndex(of: UInt8(ascii: "\n"))
            guard end != nil || isWhole else { break }
            rows.append([String(decoding: bytes[length..<(end ?? bytes.count)], as: UTF8.self)])
            length = end.map { $0 + 1 } ?? bytes.count
        }
        return (rows, length)
    }

    private static func quotedValue(_ bytes: [UInt8], from start: Int) -> (String, Int)? {
        var content: [UInt8] = []
        var place = start + 1
        while place < bytes.count {
            if bytes[place] == UInt8(ascii: "\"") {
                guard place + 1 < bytes.count else { return (String(decoding: content, as: UTF8.self), place + 1) }
                guard bytes[place + 1] == UInt8(ascii: "\"") else {
                    return (String(decoding: content, as: UTF8.self), place + 1)
                }
                place += 1
            }
            content.append(bytes[place])
            place += 1
        }
        return nil
    }
}
