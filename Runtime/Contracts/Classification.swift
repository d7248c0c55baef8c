/// The meaning of the standard's free text for classifications.
enum Classification {
    /// Whether anyone may see the values: only `public` says so.
    static func isOpen(_ name: String) -> Bool { name.lowercased() == "public" }

    /// Whether values must be masked, or left readable with a reason. `non-PII` does not say so.
    static func isSensitive(_ name: String) -> Bool {
        let words = words(of: name)
        return words.indices.contains { index in
            sensitiveWords.contains(words[index]) && (index == 0 || !negations.contains(words[index - 1]))
        }
    }

    private static let sensitiveWords: Set<String> = [
        "pii", "spii", "spi", "npi", "phi", "pci", "personal", "personally", "sensitive", "restricted", "secret",
    ]
    private static let negations: Set<String> = ["non", "not", "no"]

    /// The words in lowercase: runs of letters, which capitals divide too, as in `personalData` and `PIIData`.
    private static func words(of name: String) -> [String] {
        var words: [String] = []
        var word = ""
        let characters = Array(name)
        for (index, character) in characters.enumerated() {
            let next = index + 1 < characters.count ? characters[index + 1] : character
            let isWordStart =
                character.isUppercase && (word.last?.isLowercase ?? false || word.last != nil && next.isLowercase)
            if !character.isLetter || isWordStart {
                words.append(word)
                word = ""
            }
            if character.isLetter { word.append(character) }
        }
        return (words + [word]).filter { !$0.isEmpty }.map { $0.lowercased() }
    }
}
