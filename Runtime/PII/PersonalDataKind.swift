/// A kind of personal data that detectors recognise by its form.
public enum PersonalDataKind: String, Sendable, Hashable, CaseIterable {
    case email
    case phone
    /// A payment card number: of a known issuer, with a valid Luhn check digit.
    case paymentCard = "payment_card"
    case iban
    case ipv4, ipv6
    /// A social security number of the United States.
    case ssn
    /// The tax numbers of persons and of companies in Brazil.
    case cpf, cnpj
    /// Postal codes of Brazil and of the United States.
    case cep, zip
}

/// The matches of the detectors in a text.
public struct PersonalDataMatches: Sendable, Hashable {
    /// Kinds whose form or check digits rule out chance: one such value decides what the column holds.
    public internal(set) var certain: Set<PersonalDataKind> = []
    /// Kinds that other numbers resemble: only many such values decide.
    public internal(set) var likely: Set<PersonalDataKind> = []

    public init() {}

    public var kinds: Set<PersonalDataKind> { certain.union(likely) }
    public var isEmpty: Bool { certain.isEmpty && likely.isEmpty }
}
