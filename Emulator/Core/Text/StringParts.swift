extension String {
    /// The parts between occurrences of `separator`, empty ones included.
    package func parts(separatedBy separator: String) -> [String] {
        guard !separator.isEmpty else { return [self] }
        var parts: [String] = []
        var rest = self[...]
        while let found = rest.firstRange(of: separator) {
            parts.append(String(rest[..<found.lowerBound]))
            rest = rest[found.upperBound...]
        }
        return parts + [String(rest)]
    }
}

extension StringProtocol {
    /// What follows the first occurrence of the bytes of `mark`; nil if there is none. Characters are not looked for, which
    /// takes many times as long.
    package func suffix(afterBytesOf mark: String) -> SubSequence? {
        guard let first = mark.utf8.first else { return self[startIndex...] }
        let text = utf8
        var position = text.startIndex
        while let found = text[position...].firstIndex(of: first) {
            if text[found...].starts(with: mark.utf8) { return self[text.index(found, offsetBy: mark.utf8.count)...] }
            position = text.index(after: found)
        }
        return nil
    }
}

extension UInt8 {
    /// Whether the byte may be in most of AWS's names: a letter, digit, hyphen or underscore.
    package var isNamePart: Bool {
        switch self {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"): true
        default: false
        }
    }
}
