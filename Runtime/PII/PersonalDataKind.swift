/// Personal data that detectors know by its form.
public enum PersonalDataKind: String, Sendable, Hashable, CaseIterable {
    case email
    case phone
    /// A payment card's number: a known issuer's, with Luhn's check digit.
    case paymentCard = "payment_card"
    case iban
    case ipv4, ipv6
    /// A social security number of the United States.
    case ssn
    /// A person's and a company's number in Brazil.
    case cpf, cnpj
    /// Postal codes of Brazil and of the United States.
    case cep, zip
}

/// What detectors found in a text.
public struct PersonalDataMatches: Sendable, Hashable {
    /// Found by a form or check digits that chance does not make: one such value says what the column holds.
    public internal(set) var certain: Set<PersonalDataKind> = []
    /// Found, but other numbers look like that: only many of them say so.
    public internal(set) var likely: Set<PersonalDataKind> = []

    public init() {}

    public var kinds: Set<PersonalDataKind> { certain.union(likely) }
    public var isEmpty: Bool { certain.isEmpty && likely.isEmpty }
}
