/// A text's bytes, and the small questions that detectors ask of them.
struct TextScan {
    let text: UnsafeBufferPointer<UInt8>

    var count: Int { text.count }

    /// The byte at `index`; 0 before and behind the text.
    subscript(index: Int) -> UInt8 { index >= 0 && index < text.count ? text[index] : 0 }

    func isDigit(_ index: Int) -> Bool { self[index] &- 0x30 < 10 }
    func isLetter(_ index: Int) -> Bool { (self[index] | 0x20) &- 0x61 < 26 }

    /// ASCII letters and digits, underscores, and all beyond ASCII: what a word is made of.
    func isWord(_ index: Int) -> Bool {
        isDigit(index) || isLetter(index) || self[index] == UInt8(ascii: "_") || self[index] >= 0x80
    }

    /// Whether something of its own may begin at `index`: no word goes on there, nor a number with a point or stroke.
    func beginsAlone(_ index: Int) -> Bool {
        if isWord(index - 1) || self[index - 1] == UInt8(ascii: "+") { return false }
        return !(isJoint(index - 1) && isWord(index - 2))
    }

    /// Whether nothing goes on at `index`.
    func endsAlone(_ index: Int) -> Bool { !isWord(index) && !(isJoint(index) && isWord(index + 1)) }

    private func isJoint(_ index: Int) -> Bool {
        [UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "/"), UInt8(ascii: ":")].contains(self[index])
    }

    /// The digits of a text that has the form `shape` at `start`, and where it ends.
    ///
    /// In a shape `0` is any digit, and `~` a space, point or hyphen, the same throughout; all else is itself.
    func digits(of shape: StaticString, at start: Int) -> (digits: [UInt8], end: Int)? {
        var digits: [UInt8] = []
        var separator: UInt8?
        let form = UnsafeBufferPointer(start: shape.utf8Start, count: shape.utf8CodeUnitCount)
        for (offset, due) in form.enumerated() {
            let byte = self[start + offset]
            switch due {
            case UInt8(ascii: "0"):
                guard byte &- 0x30 < 10 else { return nil }
                digits.append(byte - 0x30)
            case UInt8(ascii: "~"):
                guard byte == 0x20 || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "-"), byte == separator ?? byte
                else { return nil }
                separator = byte
            default:
                guard byte == due else { return nil }
            }
        }
        return (digits, start + form.count)
    }

    /// The first of several shapes that the text has at `start`, standing alone there.
    func digits(ofAny shapes: [StaticString], at start: Int) -> (digits: [UInt8], end: Int)? {
        for shape in shapes {
            if let found = digits(of: shape, at: start), endsAlone(found.end) { return found }
        }
        return nil
    }

    /// The digits from `start` on that stand without anything between them.
    func run(at start: Int) -> (digits: [UInt8], end: Int) {
        var end = start
        while isDigit(end) { end += 1 }
        return (text[start..<end].map { $0 - 0x30 }, end)
    }
}
