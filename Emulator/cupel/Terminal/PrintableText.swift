/// Text of strangers (rows, names of objects, messages with either) as a terminal may show it.
extension String {
    /// The same text without what moves the cursor, colours the terminal, or changes the direction of what follows: each such
    /// scalar is a space.
    ///
    /// - SeeAlso: <https://www.unicode.org/reports/tr36/#Bidirectional_Text_Spoofing>
    var printable: String {
        guard unicodeScalars.contains(where: Self.isUnsafe) else { return self }
        var text = ""
        for scalar in unicodeScalars { text.unicodeScalars.append(Self.isUnsafe(scalar) ? " " : scalar) }
        return text
    }

    /// The same text as ``printable``, but with its line ends and tabs.
    var printableLines: String {
        var text = ""
        for scalar in unicodeScalars {
            let isKept = scalar == "\n" || scalar == "\t" || !Self.isUnsafe(scalar)
            text.unicodeScalars.append(isKept ? scalar : " ")
        }
        return text
    }

    private static func isUnsafe(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        // Controls of both sets: 0x9B begins a sequence as ESC [ does.
        case 0..<0x20, 0x7F...0x9F: true
        // Line and paragraph separators; marks, embeddings, overrides and isolates of direction.
        case 0x200E, 0x200F, 0x2028...0x202E, 0x2066...0x2069, 0x061C: true
        // Tags, which are invisible.
        case 0xE0000...0xE007F: true
        default: false
        }
    }

    /// How many columns of a terminal the text takes.
    var columnWidth: Int { reduce(0) { $0 + $1.columnWidth } }

    /// As much of the text as fits so many columns; `…` stands for the rest.
    func cut(toColumns limit: Int) -> String {
        guard columnWidth > limit else { return self }
        var text = ""
        var width = 0
        for character in self {
            width += character.columnWidth
            guard width < limit else { break }
            text.append(character)
        }
        return text + "…"
    }
}

extension Character {
    /// 2 for a wide character of East Asia or an emoji, 0 for one without a shape of its own, else 1.
    /// - SeeAlso: <https://www.unicode.org/reports/tr11/>
    fileprivate var columnWidth: Int {
        guard let first = unicodeScalars.first else { return 0 }
        switch first.value {
        case 0x300...0x36F, 0x200B...0x200D, 0xFE00...0xFE0F, 0xFEFF: return 0
        case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0xA4CF, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F,
            0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x1F300...0x1F64F, 0x1F680...0x1F6FF, 0x1F900...0x1F9FF,
            0x20000...0x3FFFD:
            return 2
        default: return unicodeScalars.contains { $0.value == 0xFE0F } ? 2 : 1
        }
    }
}
