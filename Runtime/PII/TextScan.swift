/// A text's bytes and the predicates that detectors need.
struct TextScan {
    let text: UnsafeBufferPointer<UInt8>

    var count: Int { text.count }

    /// The byte at `index`; 0 outside the text.
    subscript(index: Int) -> UInt8 { index >= 0 && index < text.count ? text[index] : 0 }

    func isDigit(_ index: Int) -> Bool { self[index] &- 0x30 < 10 }
    func isLetter(_ index: Int) -> Bool { (self[index] | 0x20) &- 0x61 < 26 }

    /// Whether the byte is part of a word: an ASCII letter or digit, an underscore, or any byte beyond ASCII.
    func isWord(_ index: Int) -> Bool {
        isDigit(index) || isLetter(index) || self[index] == UInt8(ascii: "_") || self[index] >= 0x80
    }

    /// Whether a match may begin at `index`: no word continues there, and no number continues after a joint (`-./:`).
    func beginsAlone(_ index: Int) -> Bool {
        if isWord(index - 1) || self[index - 1] == UInt8(ascii: "+") { return false }
        return !(isJoint(index - 1) && isWord(index - 2))
    }

    /// Whether a match may end at `index`: neither a word nor a joined number continues there.
    func endsAlone(_ index: Int) -> Bool { !isWord(index) && !(isJoint(index) && isWord(index + 1)) }

    private func isJoint(_ index: Int) -> Bool {
        [UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "/"), UInt8(ascii: ":")].contains(self[index])
    }

    /// Matches the text at `start` with `shape`, and returns its digits and its end.
    ///
    /// In a shape, `0` is any digit and `~` is a space, point or hyphen, the same throughout. Any other byte is itself.
    func digits(of shape: StaticString, at start: Int) -> (digits: [UInt8], end: Int)? {
        var digits: [UInt8] = []
        var separator: UInt8?
        let form = UnsafeBufferPointer(start: shape.utf8Start, count: shape.utf8CodeUnitCount)
        for (offset, expected) in form.enumerated() {
            let byte = self[start + offset]
            switch expected {
            case UInt8(ascii: "0"):
                guard byte &- 0x30 < 10 else { return nil }
                digits.append(byte - 0x30)
            case UInt8(ascii: "~"):
                guard byte == 0x20 || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "-"), byte == separator ?? byte
                else { return nil }
                separator = byte
            default:
                guard byte == expected else { return nil }
            }
        }
        return (digits, start + form.count)
    }

    /// Matches the text at `start` with the first fitting shape after which neither a word nor a number continues.
    func digits(ofAny shapes: [StaticString], at start: Int) -> (digits: [UInt8], end: Int)? {
        for shape in shapes {
            if let found = digits(of: shape, at: start), endsAlone(found.end) { return found }
        }
        return nil
    }

    /// The contiguous digits from `start` on.
    func run(at start: Int) -> (digits: [UInt8], end: Int) {
        var end = start
        while isDigit(end) { end += 1 }
        return (text[start..<end].map { $0 - 0x30 }, end)
    }
}
