#if canImport(Glibc)
    internal import Glibc
#else
    internal import Musl
#endif

/// Reads lines from a terminal, with the keys that shells have.
struct LineEditor {
    private(set) var buffer: LineBuffer

    enum Line: Hashable {
        case text(String)
        /// Ctrl-C
        case interrupted
        /// Ctrl-D on an empty line
        case end
    }

    init(history: [String]) { buffer = LineBuffer(history: history) }

    mutating func remember(_ statement: String) { buffer.remember(statement) }

    mutating func read(prompt: String) -> Line {
        var settings = termios()
        guard tcgetattr(STDIN_FILENO, &settings) == 0 else { return .end }
        var raw = settings
        raw.c_lflag &= ~tcflag_t(ICANON | ECHO | ISIG)
        tcsetattr(STDIN_FILENO, TCSADRAIN, &raw)
        defer { tcsetattr(STDIN_FILENO, TCSADRAIN, &settings) }
        buffer.clear()
        while true {
            draw(prompt)
            guard let byte = Self.byte() else { return .end }
            switch byte {
            case 0x0D, 0x0A:
                StandardStream.output.write("\n")
                return .text(buffer.text)
            case 0x03:
                StandardStream.output.write("^C\n")
                return .interrupted
            case 0x04:
                guard !buffer.characters.isEmpty else {
                    StandardStream.output.write("\n")
                    return .end
                }
                buffer.press(.delete)
            case 0x1B: if let key = Self.escapedKey() { buffer.press(key) }
            default: if let key = Self.key(byte) { buffer.press(key) }
            }
        }
    }

    /// Writes the line again, as much of it as one line of the terminal shows.
    private func draw(_ prompt: String) {
        let width = max(10, (StandardStream.output.width ?? 80) - prompt.count - 1)
        let start = max(0, buffer.cursor - width)
        let shown = String(buffer.characters[start..<min(buffer.characters.count, start + width)])
        let column = prompt.count + buffer.cursor - start
        StandardStream.output.write("\r\u{1B}[K\(prompt)\(shown)\r" + (column > 0 ? "\u{1B}[\(column)C" : ""))
    }

    private static func byte() -> UInt8? {
        var byte: UInt8 = 0
        while true {
            let count = readByte(&byte)
            if count == 1 { return byte }
            guard count < 0, errno == EINTR else { return nil }
        }
    }

    private static func key(_ byte: UInt8) -> LineBuffer.Key? {
        switch byte {
        case 0x01: return .home
        case 0x02: return .left
        case 0x05: return .end
        case 0x06: return .right
        case 0x08, 0x7F: return .backspace
        case 0x0B: return .cutToEnd
        case 0x0E: return .down
        case 0x10: return .up
        case 0x15: return .cutLine
        case 0x17: return .cutWord
        case 0x09: return .character(" ")
        case 0x20...0x7E: return .character(Character(Unicode.Scalar(byte)))
        case 0xC2...0xF4:
            var bytes = [byte]
            for _ in 0..<(byte < 0xE0 ? 1 : byte < 0xF0 ? 2 : 3) { if let next = Self.byte() { bytes.append(next) } }
            return String(decoding: bytes, as: UTF8.self).first.map { .character($0) }
        default: return nil
        }
    }

    /// The keys that a terminal sends as ESC [ A and such.
    private static func escapedKey() -> LineBuffer.Key? {
        guard let first = byte(), [UInt8(ascii: "["), UInt8(ascii: "O")].contains(first), let second = byte() else {
            return nil
        }
        switch second {
        case UInt8(ascii: "A"): return .up
        case UInt8(ascii: "B"): return .down
        case UInt8(ascii: "C"): return .right
        case UInt8(ascii: "D"): return .left
        case UInt8(ascii: "H"): return .home
        case UInt8(ascii: "F"): return .end
        case UInt8(ascii: "0")...UInt8(ascii: "9"):
            // Such as `ESC [ 3 ~`; another letter at the end is a key with Shift or Ctrl: `ESC [ 1 ; 5 C`.
            var last = second
            while !(0x40...0x7E).contains(last), let next = byte() { last = next }
            guard last == UInt8(ascii: "~") else { return nil }
            return [UInt8(ascii: "1"): .home, UInt8(ascii: "3"): .delete, UInt8(ascii: "4"): .end][second]
        default: return nil
        }
    }
}

/// Calls the C library's `read`, which ``LineEditor/read(prompt:)`` hides.
private func readByte(_ byte: inout UInt8) -> Int { read(STDIN_FILENO, &byte, 1) }
