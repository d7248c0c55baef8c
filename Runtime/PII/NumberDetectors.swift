// Detectors of numbers with a characteristic form or check digits.

extension TextScan {
    /// A payment card number at `start`: contiguous, or in its issuer's groups.
    func paymentCard(at start: Int) -> (isGrouped: Bool, end: Int)? {
        let shapes: [StaticString] = [
            "0000~0000~0000~0000~000", "0000~0000~0000~0000", "0000~000000~00000", "0000~000000~0000",
        ]
        if let found = digits(ofAny: shapes, at: start), PaymentCard.isValid(found.digits) { return (true, found.end) }
        let found = run(at: start)
        guard endsAlone(found.end), PaymentCard.isValid(found.digits) else { return nil }
        return (false, found.end)
    }

    /// A social security number at `start`: 000-00-0000, with hyphens or spaces; if hinted also plain digits.
    func ssn(at start: Int, isHinted: Bool) -> Int? {
        guard
            let found = digits(
                ofAny: isHinted ? ["000~00~0000", "000000000"] : ["000-00-0000", "000 00 0000"], at: start)
        else { return nil }
        return SocialSecurity.isIssued(found.digits) ? found.end : nil
    }

    /// A person's tax number in Brazil at `start`: 000.000.000-00 or plain digits.
    func cpf(at start: Int) -> (isFormatted: Bool, end: Int)? {
        guard let found = digits(ofAny: ["000.000.000-00", "00000000000"], at: start),
            BrazilianNumber.isCPF(found.digits)
        else { return nil }
        return (found.end - start == 14, found.end)
    }

    /// A company's tax number in Brazil at `start`: 00.000.000/0000-00, where all but the last two may be letters, or
    /// plain digits.
    func cnpj(at start: Int) -> (isFormatted: Bool, end: Int)? {
        if let found = digits(ofAny: ["00000000000000"], at: start) {
            return BrazilianNumber.isCNPJ(found.digits) ? (false, found.end) : nil
        }
        guard start + 18 <= count, self[start + 2] == UInt8(ascii: "."), self[start + 6] == UInt8(ascii: "."),
            self[start + 10] == UInt8(ascii: "/"), self[start + 15] == UInt8(ascii: "-"), endsAlone(start + 18)
        else { return nil }
        var values: [UInt8] = []
        for offset in 0..<18 where ![2, 6, 10, 15].contains(offset) {
            let byte = self[start + offset]
            let isCapital = byte &- 0x41 < 26
            guard byte &- 0x30 < 10 || (isCapital && offset < 15) else { return nil }
            values.append(byte - 0x30)
        }
        return BrazilianNumber.isCNPJ(values) ? (true, start + 18) : nil
    }

    /// An international bank account number at `start`, contiguous or in groups of four.
    func iban(at start: Int) -> Int? {
        guard isLetter(start), isLetter(start + 1), isDigit(start + 2), isDigit(start + 3),
            let length = IBAN.length(self[start], self[start + 1])
        else { return nil }
        var characters: [UInt8] = []
        var at = start
        while characters.count < length {
            if self[at] == 0x20, characters.count % 4 == 0, isDigit(at + 1) || isLetter(at + 1) { at += 1 }
            guard isDigit(at) || isLetter(at) else { return nil }
            characters.append(self[at])
            at += 1
        }
        return endsAlone(at) && IBAN.isValid(characters) ? at : nil
    }

    /// A telephone number at `start`.
    func phone(at start: Int, isHinted: Bool) -> (isCertain: Bool, end: Int)? {
        if self[start] == UInt8(ascii: "+") { return internationalPhone(at: start).map { (true, $0) } }
        let american: [StaticString] = [
            "(000) 000-0000", "(000)000-0000", "(000) 000 0000", "000~000~0000", "1~000~000~0000", "1 (000) 000-0000",
        ]
        for shape in american {
            guard let found = digits(of: shape, at: start), endsAlone(found.end) || isExtension(found.end) else {
                continue
            }
            let number = found.digits.suffix(10)
            // Neither an area code nor an exchange begins with 0 or 1.
            if number[number.startIndex] > 1, number[number.startIndex + 3] > 1 { return (false, found.end) }
        }
        let brazilian: [StaticString] = ["(00) 00000-0000", "(00)00000-0000", "(00) 0000-0000", "00 00000-0000"]
        if let found = digits(ofAny: brazilian, at: start), found.digits[0] > 0, found.digits[1] > 0,
            found.digits.count == 11 ? found.digits[2] == 9 : found.digits[2] > 1
        {
            return (false, found.end)
        }
        if let end = nationalPhone(at: start) { return (false, end) }
        guard isHinted else { return nil }
        let found = run(at: start)
        return (8...15).contains(found.digits.count) && endsAlone(found.end) ? (false, found.end) : nil
    }

    /// `+`, a country code and a number: 8 to 15 digits with at most two separators in a row.
    private func internationalPhone(at start: Int) -> Int? {
        guard isDigit(start + 1), self[start + 1] != UInt8(ascii: "0") else { return nil }
        var (at, end, digits, separators) = (start + 1, start + 1, 0, 0)
        while at < count {
            if isDigit(at) {
                (digits, separators, end) = (digits + 1, 0, at + 1)
                if digits > 15 { return nil }
            } else if [0x20, 0x28, 0x29, 0x2D, 0x2E].contains(self[at]), separators < 2 {
                separators += 1
            } else {
                break
            }
            at += 1
        }
        return digits >= 8 && (endsAlone(end) || isExtension(end)) ? end : nil
    }

    /// The trunk prefix 0 and groups of digits, 9 to 11 digits in all: `020 7946 0958`, `01 42 68 53 00`.
    private func nationalPhone(at start: Int) -> Int? {
        guard self[start] == UInt8(ascii: "0"), isDigit(start + 1), self[start + 1] != UInt8(ascii: "0") else {
            return nil
        }
        var (at, digits, groups) = (start, 0, 0)
        while true {
            let group = run(at: at)
            guard (2...6).contains(group.digits.count) else { return nil }
            (digits, groups, at) = (digits + group.digits.count, groups + 1, group.end)
            guard self[at] == 0x20, isDigit(at + 1), digits < 11 else { break }
            at += 1
        }
        return groups > 1 && (9...11).contains(digits) && endsAlone(at) ? at : nil
    }

    /// An extension after a number, such as `x12`.
    private func isExtension(_ index: Int) -> Bool { self[index] == UInt8(ascii: "x") && isDigit(index + 1) }
}

extension Collection<UInt8> {
    /// The number that the digits spell.
    var number: Int { reduce(0) { $0 * 10 + Int($1) } }
}

enum SocialSecurity {
    /// Whether nine digits may be an issued number.
    /// - SeeAlso: <https://www.ssa.gov/employer/randomization.html>
    static func isIssued(_ digits: [UInt8]) -> Bool {
        let (area, group, serial) = (digits[..<3].number, digits[3..<5].number, digits[5...].number)
        guard area != 0, area != 666, area < 900, group != 0, serial != 0 else { return false }
        // These numbers were printed in advertisements.
        return ![78_051_120, 219_099_999].contains(digits.number)
    }
}

enum PaymentCard {
    /// - SeeAlso: ISO/IEC 7812-1; annex B defines the check digit.
    static func isValid(_ digits: [UInt8]) -> Bool {
        guard (13...19).contains(digits.count), isIssued(digits) else { return false }
        var sum = 0
        for (position, digit) in digits.reversed().enumerated() {
            let doubled = position % 2 == 1 ? Int(digit) * 2 : Int(digit)
            sum += doubled > 9 ? doubled - 9 : doubled
        }
        return sum % 10 == 0
    }

    /// Whether an issuer has numbers with this prefix and length.
    private static func isIssued(_ digits: [UInt8]) -> Bool {
        switch (digits[..<4].number, digits.count) {
        case (4000...4999, 13), (4000...4999, 16), (4000...4999, 19): true
        case (5100...5599, 16), (2221...2720, 16): true
        case (3400...3499, 15), (3700...3799, 15): true
        case (6011, 16...19), (6440...6599, 16...19), (6200...6299, 16...19): true
        case (3000...3059, 14), (3600...3699, 14), (3800...3899, 14): true
        case (3528...3589, 16...19): true
        default: false
        }
    }
}

enum IBAN {
    /// - SeeAlso: <https://www.swift.com/standards/data-standards/iban-international-bank-account-number>
    private static let lengths: [String: Int] = [
        "AD": 24, "AE": 23, "AL": 28, "AT": 20, "AZ": 28, "BA": 20, "BE": 16, "BG": 22, "BH": 22, "BR": 29, "BY": 28,
        "CH": 21, "CR": 22, "CY": 28, "CZ": 24, "DE": 22, "DK": 18, "DO": 28, "EE": 20, "EG": 29, "ES": 24, "FI": 18,
        "FO": 18, "FR": 27, "GB": 22, "GE": 22, "GI": 23, "GL": 18, "GR": 27, "GT": 28, "HR": 21, "HU": 28, "IE": 22,
        "IL": 23, "IQ": 23, "IS": 26, "IT": 27, "JO": 30, "KW": 30, "KZ": 20, "LB": 28, "LI": 21, "LT": 20, "LU": 20,
        "LV": 21, "LY": 25, "MC": 27, "MD": 24, "ME": 22, "MK": 19, "MR": 27, "MT": 31, "MU": 30, "NL": 18, "NO": 15,
        "PK": 24, "PL": 28, "PS": 29, "PT": 25, "QA": 29, "RO": 24, "RS": 22, "SA": 24, "SC": 31, "SE": 24, "SI": 19,
        "SK": 24, "SM": 27, "ST": 25, "SV": 28, "TL": 23, "TN": 24, "TR": 26, "UA": 29, "VA": 22, "VG": 24, "XK": 20,
    ]

    static func length(_ first: UInt8, _ second: UInt8) -> Int? {
        lengths[String(decoding: [first & 0xDF, second & 0xDF], as: UTF8.self)]
    }

    /// ISO 13616: with the first four characters last and letters as 10 to 35, the number modulo 97 is 1.
    static func isValid(_ characters: [UInt8]) -> Bool {
        (characters[4...] + characters[..<4]).reduce(0) { rest, character in
            character < 0x41
                ? (rest * 10 + Int(character - 0x30)) % 97 : (rest * 100 + Int(character & 0xDF) - 0x41 + 10) % 97
        } == 1
    }
}

enum BrazilianNumber {
    static func isCPF(_ digits: [UInt8]) -> Bool {
        guard digits.contains(where: { $0 != digits[0] }) else { return false }
        return [9, 10].allSatisfy { count in
            digits[count]
                == check(digits[..<count].enumerated().reduce(0) { $0 + Int($1.element) * (count + 1 - $1.offset) })
        }
    }

    /// - Parameter values: The ASCII codes of the 14 characters, each minus the code of `0`.
    /// - SeeAlso: <https://www.gov.br/receitafederal/pt-br/assuntos/orientacao-tributaria/cadastros/cnpj>
    static func isCNPJ(_ values: [UInt8]) -> Bool {
        guard values.contains(where: { $0 != values[0] }) else { return false }
        return [12, 13].allSatisfy { count in
            values[count]
                == check(
                    values[..<count].enumerated().reduce(0) { $0 + Int($1.element) * ((count - 1 - $1.offset) % 8 + 2) }
                )
        }
    }

    private static func check(_ sum: Int) -> UInt8 { sum % 11 < 2 ? 0 : UInt8(11 - sum % 11) }
}
