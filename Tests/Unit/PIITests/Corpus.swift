import TestRandom

@testable import PII

/// A generated text and the kind of personal data in it. The numbers belong to nobody; the forms are those that people
/// write.
struct LabelledText {
    let column: String
    let text: String
    let kind: PersonalDataKind?
}

struct Corpus {
    private var random: SeededGenerator

    init(seed: UInt64) { random = SeededGenerator(seed: seed) }

    /// `count` texts of each kind, and `negatives` texts that resemble personal data but are none.
    mutating func texts(of count: Int, negatives: Int) -> [LabelledText] {
        var texts: [LabelledText] = []
        for kind in PersonalDataKind.allCases {
            for _ in 0..<count { texts.append(positive(kind)) }
        }
        for _ in 0..<negatives { texts.append(negative()) }
        return texts
    }

    // MARK: Positives

    private mutating func positive(_ kind: PersonalDataKind) -> LabelledText {
        let column = ["note", "value", "contact", "reference"].randomElement(using: &random)!
        switch kind {
        case .cep:
            return LabelledText(column: "cep", text: one("\(digits(5))-\(digits(3))", "\(digits(8))"), kind: kind)
        case .zip:
            return LabelledText(column: "zip_code", text: one(digits(5), "\(digits(5))-\(digits(4))"), kind: kind)
        case .phone where chance(5):
            return LabelledText(column: one("mobile_phone", "homePhone"), text: digits(one(10, 11)), kind: kind)
        case .ssn where chance(5):
            return LabelledText(
                column: one("ssn", "applicant.socialSecurityNumber", "SSN_plain"), text: ssn(), kind: kind)
        case .ssn where chance(5):
            let words = one("SSN", "ssn:", "Social Security number", "social security no.", "my SSN is")
            return LabelledText(column: column, text: "\(words) \(ssn())\(one("", ", thanks", "."))", kind: kind)
        default:
            return LabelledText(column: column, text: embedded(value(kind)), kind: kind)
        }
    }

    private mutating func value(_ kind: PersonalDataKind) -> String {
        switch kind {
        case .email: email()
        case .phone: phone()
        case .paymentCard: card()
        case .iban: iban()
        case .ipv4: "\(number(1...223)).\(number(0...255)).\(number(0...255)).\(number(1...254))"
        case .ipv6: ipv6()
        case .ssn: grouped(ssn(), one([3, 2, 4], [3, 2, 4], [3, 2, 4], [9]), one("-", "-", " "))
        case .cpf: cpf()
        case .cnpj: cnpj()
        case .cep: digits(8)
        case .zip: digits(5)
        }
    }

    /// Alone in two of three texts, else among words and punctuation.
    private mutating func embedded(_ value: String) -> String {
        guard chance(3) else { return value }
        return one(
            "call me: \(value)", "\(value).", "(\(value))", "see \(value), thanks", "id=\(value);", "\"\(value)\"",
            "até amanhã \(value) obrigado", "old \(value) new")
    }

    private mutating func email() -> String {
        let names = ["ann", "bob", "joão", "li.wei", "maria-jose", "o'brien", "x_y", "k", "dev.null", "müller"]
        let hosts = ["example", "mail-1.example", "sub.example", "münchen", "3com", "a"]
        if chance(40) { return "\(one(names)) at \(one(hosts)) dot com" }
        let name = one(names) + one("", "\(number(1...99))", "+list", ".\(one(names))")
        return "\(name)@\(one(hosts)).\(one("org", "com", "co.uk", "com.br", "io", "museum"))"
    }

    private mutating func ssn() -> String {
        padded(number(1...665), 3) + padded(number(1...99), 2) + padded(number(1...9999), 4)
    }

    private mutating func phone() -> String {
        let (area, exchange, line) = (number(201...989), number(200...999), digits(4))
        switch number(0...10) {
        // It looks like any other number, so the detector misses it.
        case 10: return "\(area)\(exchange)\(line)"
        case 0: return "+1\(area)\(exchange)\(line)"
        case 1: return "+1 (\(area)) \(exchange)-\(line)"
        case 2: return "(\(area)) \(exchange)-\(line)"
        case 3: return "\(area)-\(exchange)-\(line)"
        case 4: return "\(area).\(exchange).\(line)" + one("", "x\(number(1...999))")
        case 5: return "+44 20 7\(digits(3)) \(digits(4))"
        case 6: return "+55 \(number(11...99)) 9\(digits(4))-\(digits(4))"
        case 7: return "(\(one(11, 21, 31, 41, 51, 61, 71, 81, 91))) 9\(digits(4))-\(digits(4))"
        case 8: return "+49 \(number(30...999)) \(digits(6))"
        default: return "0\(number(1...7)) \(digits(2)) \(digits(2)) \(digits(2)) \(digits(2))"
        }
    }

    private mutating func card() -> String {
        let (prefix, length) = one([
            ("4\(digits(3))", 16), ("5\(number(1...5))\(digits(2))", 16), ("22\(number(21...99))", 16),
            ("37\(digits(2))", 15),
            ("6011", 16), ("3528", 16), ("62\(digits(2))", 16), ("36\(digits(2))", 14),
        ])
        var body = prefix + digits(length - 1 - prefix.count)
        let sum = body.reversed().enumerated().reduce(0) { sum, element in
            let digit = element.element.wholeNumberValue! * (element.offset % 2 == 0 ? 2 : 1)
            return sum + (digit > 9 ? digit - 9 : digit)
        }
        body += "\((10 - sum % 10) % 10)"
        let groups = length == 16 ? [4, 4, 4, 4] : length == 15 ? [4, 6, 5] : [4, 6, 4]
        return one(body, grouped(body, groups, " "), grouped(body, groups, "-"))
    }

    private mutating func iban() -> String {
        let (country, length) = one([
            ("DE", 22), ("FR", 27), ("GB", 22), ("NL", 18), ("ES", 24), ("BR", 29), ("NO", 15),
        ])
        let account =
            switch country {
            case "GB", "NL": one("BUKB", "INGB", "ABNA") + digits(length - 8)
            case "BR": digits(length - 6) + "C1"
            default: digits(length - 4)
            }
        let rest = (account + country + "00").utf8.reduce(0) { rest, byte in
            byte < 0x41 ? (rest * 10 + Int(byte - 0x30)) % 97 : (rest * 100 + Int(byte - 0x41) + 10) % 97
        }
        let text = country + padded(98 - rest, 2) + account
        return one(text, grouped(text, [4, 4, 4, 4, 4, 4, 4, 4], " "), text.lowercased())
    }

    private mutating func ipv6() -> String {
        func group(_ random: inout SeededGenerator) -> String {
            String(UInt16.random(in: 0x100 ... .max, using: &random), radix: 16)
        }
        let groups = (0..<8).map { _ in group(&random) }
        switch number(0...3) {
        case 0: return groups.joined(separator: ":")
        case 1: return "2001:db8::" + groups.prefix(2).joined(separator: ":")
        case 2: return "fe80::\(groups[0]):\(number(1...9))\(groups[1].dropFirst()):fe\(number(10...99)):\(groups[3])"
        default: return groups.prefix(4).joined(separator: ":").uppercased() + "::1"
        }
    }

    private mutating func cpf() -> String {
        var values = (0..<9).map { _ in number(0...9) }
        for count in [9, 10] {
            values.append(check(values.enumerated().reduce(0) { $0 + $1.element * (count + 1 - $1.offset) }))
        }
        let text = values.map(String.init).joined()
        return one(text, grouped(text, [3, 3, 3, 2], "..-"))
    }

    private mutating func cnpj() -> String {
        let letters = chance(4)
        var values = (0..<12).map { _ in letters && chance(2) ? number(17...42) : number(0...9) }
        let weights = [6, 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2]
        for count in [12, 13] {
            values.append(check(zip(values, weights.suffix(count)).reduce(0) { $0 + $1.0 * $1.1 }))
        }
        let text = String(values.map { Character(Unicode.Scalar(UInt8($0 + 0x30))) })
        let formatted = grouped(text, [2, 3, 3, 4, 2], "../-")
        return letters ? formatted : one(text, formatted)
    }

    private func check(_ sum: Int) -> Int { sum % 11 < 2 ? 0 : 11 - sum % 11 }

    // MARK: Negatives

    /// A text that resembles personal data but is none.
    private mutating func negative() -> LabelledText {
        let column = one("order_id", "note", "created", "version", "price", "code", "description", "sku")
        return LabelledText(column: column, text: impostor(), kind: nil)
    }

    private mutating func impostor() -> String {
        switch number(0...27) {
        case 0: digits(16)
        case 1: "\(number(1_600_000_000...1_900_000_000))\(digits(one(0, 3, 6)))"
        case 2:
            "20\(number(10...29))-\(padded(number(1...12), 2))-\(padded(number(1...28), 2)) 1\(number(0...9)):\(number(10...59)):\(number(10...59)).\(digits(6))"
        case 3: "\(number(0...9)).\(number(0...9)).\(number(0...9)).\(number(0...9))"
        case 4: "v\(number(1...20)).\(number(0...99)).\(number(0...99)).\(number(0...999))"
        case 5: "version \(number(10...20)).\(number(0...99)).\(number(0...99)).\(number(0...255))"
        case 6: "$\(number(1...999)),\(digits(3)),\(digits(3)).\(digits(2))"
        case 7: "ORD-\(digits(4))-\(digits(6))"
        case 8: "\(hexadecimal(8))-\(hexadecimal(4))-\(hexadecimal(4))-\(hexadecimal(4))-\(hexadecimal(12))"
        case 9: hexadecimal(40)
        case 10: (0..<6).map { _ in hexadecimal(2) }.joined(separator: ":")
        case 11: "\(padded(number(0...23), 2)):\(number(10...59)):\(number(10...59))"
        case 12: "std::vector<int>::iterator at \(number(1...9999))"
        case 13: "@handle said \(number(1...999)) things"
        case 14: "icon@\(number(2...3))x.png"
        case 15: "git@code.example.com:team/repo-\(number(1...99)).git"
        case 16: "978-\(number(0...9))-\(digits(4))-\(digits(4))-\(number(0...9))"
        case 17: "\(digits(5)).\(digits(5)) lat, -\(digits(2)).\(digits(6)) lon"
        case 18: chance(10) ? "\(digits(3))-\(digits(2))-\(digits(4))" : "SKU \(digits(3))-\(digits(3))-\(digits(3))"
        case 19: "127.0.0.1"
        case 20: "\(number(256...999)).\(number(256...999)).\(number(1...255)).\(number(1...255))"
        case 21: "DE\(digits(20))"
        case 22: "\(digits(3)).\(digits(3)).\(digits(3))-\(digits(2))"
        case 23: "1Z\(digits(3))AA\(digits(10))"
        case 24:
            "page \(number(1...99)) of \(number(100...999)), \(number(1...12))/\(number(1...28))/20\(number(10...29))"
        case 25: "foo@\(number(1...9)).\(number(0...9)).\(number(0...9))"
        case 26: digits(one(5, 7, 8, 9, 10, 11, 12, 14))
        default: "0x\(hexadecimal(8)) +\(number(1...99)).\(digits(2))% (\(number(1...99))) #\(digits(6))"
        }
    }

    // MARK: Parts

    private mutating func one<Element>(_ choices: Element...) -> Element { one(choices) }
    private mutating func one<Element>(_ choices: [Element]) -> Element { choices.randomElement(using: &random)! }
    private mutating func chance(_ of: Int) -> Bool { number(1...of) == 1 }
    private mutating func number(_ range: ClosedRange<Int>) -> Int { .random(in: range, using: &random) }
    private mutating func digits(_ count: Int) -> String { (0..<count).map { _ in String(number(0...9)) }.joined() }
    private mutating func hexadecimal(_ count: Int) -> String {
        (0..<count).map { _ in String(number(0...15), radix: 16) }.joined()
    }
    private func padded(_ number: Int, _ width: Int) -> String {
        String(repeating: "0", count: max(0, width - String(number).count)) + String(number)
    }

    /// The text in groups, with the separators between them in turn; the last separator repeats.
    private func grouped(_ text: String, _ sizes: [Int], _ separators: String) -> String {
        var (rest, groups): (Substring, String) = (text[...], "")
        var next = separators.startIndex
        for size in sizes where !rest.isEmpty {
            if !groups.isEmpty {
                groups.append(separators[next])
                if separators.index(after: next) < separators.endIndex { next = separators.index(after: next) }
            }
            groups += rest.prefix(size)
            rest = rest.dropFirst(size)
        }
        return groups
    }
}
