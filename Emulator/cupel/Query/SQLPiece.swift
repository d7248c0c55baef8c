/// A word, text, comment, blank or sign of a statement: as much of SQL as it takes to find names and simple conditions.
struct SQLPiece: Hashable {
    enum Kind { case word, quotedName, text, comment, blank, sign }

    let kind: Kind
    /// As it is in the statement. The pieces side by side are the statement.
    let text: String

    /// A word in lower case.
    var word: String { text.lowercased() }

    /// What a text or a quoted name says.
    var content: String {
        let bytes = Array(text.utf8)
        guard bytes.count >= 2, let mark = bytes.first, bytes.last == mark else { return text }
        var content: [UInt8] = []
        var place = 1
        while place < bytes.count - 1 {
            content.append(bytes[place])
            place += bytes[place] == mark ? 2 : 1
        }
        return String(decoding: content, as: UTF8.self)
    }

    func isSign(_ sign: String) -> Bool { kind == .sign && text == sign }

    static func pieces(of statement: String) -> [SQLPiece] {
        let bytes = Array(statement.utf8)
        var pieces: [SQLPiece] = []
        var place = 0
        while place < bytes.count {
            let (kind, end) = piece(of: bytes, from: place)
            pieces.append(SQLPiece(kind: kind, text: String(decoding: bytes[place..<end], as: UTF8.self)))
            place = end
        }
        return pieces
    }

    /// What begins at a byte, and where it ends.
    private static func piece(of bytes: [UInt8], from start: Int) -> (Kind, Int) {
        func find(_ mark: [UInt8], from place: Int) -> Int {
            var place = place
            while place + mark.count <= bytes.count {
                if bytes[place..<place + mark.count].elementsEqual(mark) { return place + mark.count }
                place += 1
            }
            return bytes.count
        }
        // A mark that is doubled does not end what it began.
        func quoted(_ mark: UInt8) -> Int {
            var end = find([mark], from: start + 1)
            while end < bytes.count, bytes[end] == mark { end = find([mark], from: end + 1) }
            return end
        }
        let byte = bytes[start]
        let next = start + 1 < bytes.count ? bytes[start + 1] : 0
        switch byte {
        case UInt8(ascii: "'"): return (.text, quoted(byte))
        case UInt8(ascii: "\""), UInt8(ascii: "`"): return (.quotedName, quoted(byte))
        case UInt8(ascii: "-") where next == byte: return (.comment, find([UInt8(ascii: "\n")], from: start))
        case UInt8(ascii: "/") where next == UInt8(ascii: "*"):
            return (.comment, find(Array("*/".utf8), from: start + 2))
        case UInt8(ascii: " "), UInt8(ascii: "\n"), UInt8(ascii: "\r"), UInt8(ascii: "\t"): return (.blank, start + 1)
        case UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "!"):
            let isPair = next == UInt8(ascii: "=") || (byte == UInt8(ascii: "<") && next == UInt8(ascii: ">"))
            return (.sign, start + (isPair ? 2 : 1))
        case _ where isWord(byte): return (.word, bytes[start...].firstIndex { !isWord($0) } ?? bytes.count)
        default: return (.sign, start + 1)
        }
    }

    private static func isWord(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), 0x80...:
            true
        default: false
        }
    }
}
