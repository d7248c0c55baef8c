/// The kinds that words hint at. A number without punctuation could be anything otherwise.
struct Hints: Sendable, Hashable {
    private(set) var kinds: Set<PersonalDataKind> = []

    /// - Parameter column: The name of a column or the path of a field, in any spelling: `home_phone`,
    ///   `contact.zipCode`.
    init(column: String) { self.init(words: Self.words(of: column)) }

    /// - Parameter text: The text before a number.
    init(before text: String) { self.init(words: Self.words(of: text)) }

    private init(words: Set<String>) {
        for (kind, hints) in Self.hints where hints.contains(where: words.isSuperset) { kinds.insert(kind) }
    }

    /// The words of `text` in lowercase. An uppercase letter after a lowercase one begins a word.
    private static func words(of text: String) -> Set<String> {
        var (words, word, isSmall): (Set<String>, String, Bool) = ([], "", false)
        for character in text {
            if !character.isLetter || (isSmall && character.isUppercase) {
                words.insert(word)
                word = ""
            }
            if character.isLetter { word += character.lowercased() }
            isSmall = character.isLowercase
        }
        words.insert(word)
        return words
    }

    /// Each hint is one word, or several words that must all occur.
    private static let hints: [(PersonalDataKind, [Set<String>])] = [
        (
            .phone,
            [
                ["phone"], ["telephone"], ["tel"], ["mobile"], ["cell"], ["cellphone"], ["fax"], ["whatsapp"],
                ["telefone"], ["celular"], ["fone"],
            ]
        ),
        (.ssn, [["ssn"], ["social", "security"], ["socialsecurity"], ["soc", "sec"]]),
        (.cep, [["cep"]]),
        (.zip, [["zip"], ["zipcode"], ["postal"], ["postalcode"], ["postcode"], ["plz"]]),
    ]
}

extension TextScan {
    /// The hints in the words before `start`, back to the last digit: earlier words describe another number.
    func hints(before start: Int) -> Hints {
        var first = start
        while first > 0, start - first < 32, !isDigit(first - 1) { first -= 1 }
        return Hints(before: String(decoding: (first..<start).map { self[$0] }, as: UTF8.self))
    }
}
