/// Makes one line of each JSON value of a text in which values take several lines or are the elements of one array.
///
/// It copies and does not check: what is no JSON stays so, and the reader rejects the line.
struct JSONObjects {
    /// Whether the text is an array whose elements become the lines.
    private let isArray: Bool
    private var hasBegun = false
    /// Whether the array has ended, or there is none.
    private var isOutside: Bool
    private var depth = 0
    private var isInString = false
    private var isEscaped = false
    /// Whether a value has begun that has not ended.
    private var isInValue = false

    init(isArray: Bool) {
        self.isArray = isArray
        isOutside = !isArray
    }

    /// Whether the text that begins like this is written so; nil if each line is a value.
    init?(front text: some Sequence<UInt8>) {
        var line = JSONObjects(isArray: false)
        // The brackets that are open, and the last byte that is no space.
        var open: [UInt8] = []
        var last: UInt8?
        var hasEnded = false
        // Whether the first line has ended with its values, and whether an object follows another in it, as Firehose joins records.
        var (isComplete, isJoined) = (false, false)
        for byte in text where hasEnded || line.isInString || !Self.isSpace(byte) || byte == 0x0A || byte == 0x0D {
            guard let former = last else {
                if Self.isSpace(byte) { continue }
                if byte == UInt8(ascii: "[") {
                    self.init(isArray: true)
                    return
                }
                guard byte == UInt8(ascii: "{") else { return nil }
                open.append(byte)
                last = byte
                line.advance(byte)
                continue
            }
            if hasEnded {
                if Self.isSpace(byte) { continue }
                // A line that breaks off is not continued by the next, unless what stands there says so.
                guard Self.continues(byte, after: former, in: open.last) else { return nil }
                self.init(isArray: false)
                return
            }
            if line.depth == 0, !line.isInString {
                if byte == 0x0A || byte == 0x0D {
                    isComplete = true
                    continue
                }
                // Lines stay lines, whatever is in the first.
                guard !isComplete else { return nil }
                if byte == UInt8(ascii: "{") { isJoined = true }
            }
            if byte == 0x0A || byte == 0x0D {
                guard line.depth > 0, !line.isInString else { return nil }
                hasEnded = true
                continue
            }
            if !line.isInString {
                if byte == UInt8(ascii: "{") || byte == UInt8(ascii: "[") { open.append(byte) }
                if byte == UInt8(ascii: "}") || byte == UInt8(ascii: "]") { _ = open.popLast() }
            }
            line.advance(byte)
            last = byte
        }
        guard isJoined else { return nil }
        self.init(isArray: false)
    }

    /// Whether a value that has begun can go on like this.
    /// - Parameter open: the innermost bracket that is open.
    private static func continues(_ next: UInt8, after last: UInt8, in open: UInt8?) -> Bool {
        let isObject = open == UInt8(ascii: "{")
        let isEnd = next == (isObject ? UInt8(ascii: "}") : UInt8(ascii: "]"))
        let isValue = !"}],:".utf8.contains(next)
        return switch last {
        case UInt8(ascii: "{"): isEnd || next == UInt8(ascii: "\"")
        case UInt8(ascii: ",") where isObject: next == UInt8(ascii: "\"")
        case UInt8(ascii: ","), UInt8(ascii: ":"): isValue
        case UInt8(ascii: "["): isEnd || isValue
        default: isEnd || next == UInt8(ascii: ",") || isObject && next == UInt8(ascii: ":")
        }
    }

    mutating func add(_ bytes: some Sequence<UInt8>, to lines: inout [UInt8]) {
        for byte in bytes {
            if isInString {
                lines.append(byte)
                advance(byte)
                continue
            }
            if Self.isSpace(byte) {
                // Of white space between values, nothing is left. A scalar ends with it.
                if isInValue, depth > 0 { lines.append(UInt8(ascii: " ")) } else { endValue(&lines) }
                continue
            }
            if depth == 0 {
                if isArray, !hasBegun {
                    // A byte order mark comes before it.
                    if byte == UInt8(ascii: "[") { hasBegun = true } else { lines.append(byte) }
                    continue
                }
                if !isOutside, byte == UInt8(ascii: "]") {
                    endValue(&lines)
                    isOutside = true
                    continue
                }
                if !isOutside, byte == UInt8(ascii: ",") {
                    endValue(&lines)
                    continue
                }
            }
            isInValue = true
            lines.append(byte)
            advance(byte)
            if depth == 0, byte == UInt8(ascii: "}") || byte == UInt8(ascii: "]") { endValue(&lines) }
        }
    }

    /// The end of the text.
    /// - Returns: whether the array has not ended, so that elements may be missing.
    mutating func finish(_ lines: inout [UInt8]) -> Bool {
        endValue(&lines)
        return isArray && !isOutside
    }

    private mutating func endValue(_ lines: inout [UInt8]) {
        guard isInValue else { return }
        isInValue = false
        lines.append(UInt8(ascii: "\n"))
    }

    private mutating func advance(_ byte: UInt8) {
        if isInString {
            if isEscaped {
                isEscaped = false
            } else if byte == UInt8(ascii: "\\") {
                isEscaped = true
            } else if byte == UInt8(ascii: "\"") {
                isInString = false
            }
            return
        }
        switch byte {
        case UInt8(ascii: "\""): isInString = true
        case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
        case UInt8(ascii: "}"), UInt8(ascii: "]"): depth = max(0, depth - 1)
        default: break
        }
    }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) && byte != 0x0B }
}
