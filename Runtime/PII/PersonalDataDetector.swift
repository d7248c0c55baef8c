/// Finds personal data in text by form and check digits, without a service.
///
/// Its precision and recall are measured on a generated corpus; the folder's README has the numbers.
public struct PersonalDataDetector: Sendable {
    private let hints: Hints

    /// - Parameter column: The name of the column whose values the detector searches.
    public init(column: String) { hints = Hints(column: column) }

    /// The kinds of personal data in `text`, which is UTF-8.
    public func matches(in text: UnsafeBufferPointer<UInt8>) -> PersonalDataMatches {
        var matches = PersonalDataMatches()
        let scan = TextScan(text: text)
        postalCode(scan, &matches)
        var at = 0
        while at < scan.count {
            let byte = scan[at]
            if byte == UInt8(ascii: "@") {
                if scan.email(around: at) { matches.certain.insert(.email) }
                at += 1
            } else if mayBegin(byte), scan.beginsAlone(at) {
                at = find(at, in: scan, &matches) ?? at + 1
            } else {
                at += 1
            }
        }
        return matches
    }

    public func matches(in text: String) -> PersonalDataMatches {
        Array(text.utf8).withUnsafeBufferPointer { matches(in: $0) }
    }

    /// Whether a match may begin with `byte`: a digit, a letter, `:`, `+` or `(`.
    private func mayBegin(_ byte: UInt8) -> Bool {
        byte &- 0x30 < 11 || (byte | 0x20) &- 0x61 < 26 || byte == UInt8(ascii: "+") || byte == UInt8(ascii: "(")
    }

    /// - Returns: The end of the match at `start`; nil if there is none.
    private func find(_ start: Int, in scan: TextScan, _ matches: inout PersonalDataMatches) -> Int? {
        if let found = scan.cnpj(at: start) { return matches.add(.cnpj, isCertain: found.isFormatted, found.end) }
        if let end = scan.ipv6(at: start) { return matches.add(.ipv6, isCertain: true, end) }
        if scan.isLetter(start) {
            return scan.iban(at: start).map { matches.add(.iban, isCertain: true, $0) }
        }
        if let found = scan.paymentCard(at: start) {
            return matches.add(.paymentCard, isCertain: found.isGrouped, found.end)
        }
        if let found = scan.cpf(at: start) { return matches.add(.cpf, isCertain: found.isFormatted, found.end) }
        if let end = scan.ipv4(at: start) { return matches.add(.ipv4, isCertain: false, end) }
        if let end = scan.ssn(at: start, isHinted: isHinted(.ssn, at: start, in: scan)) {
            return matches.add(.ssn, isCertain: false, end)
        }
        if let found = scan.phone(at: start, isHinted: isHinted(.phone, at: start, in: scan)) {
            return matches.add(.phone, isCertain: found.isCertain, found.end)
        }
        return nil
    }

    /// Whether the column's name or the words before `start` hint that a number there is of this kind.
    private func isHinted(_ kind: PersonalDataKind, at start: Int, in scan: TextScan) -> Bool {
        hints.kinds.contains(kind) || scan.hints(before: start).kinds.contains(kind)
    }

    /// Finds postal codes. They are short, so the whole text must be one. Plain digits also need a hint in the column's
    /// name.
    private func postalCode(_ scan: TextScan, _ matches: inout PersonalDataMatches) {
        func isAll(_ shape: StaticString) -> Bool { scan.digits(of: shape, at: 0)?.end == scan.count }
        if isAll("00000-0000") || (hints.kinds.contains(.zip) && isAll("00000")) { matches.likely.insert(.zip) }
        if isAll("00000-000") || isAll("00.000-000") || (hints.kinds.contains(.cep) && isAll("00000000")) {
            matches.likely.insert(.cep)
        }
    }
}

extension PersonalDataMatches {
    fileprivate mutating func add(_ kind: PersonalDataKind, isCertain: Bool, _ end: Int) -> Int {
        if isCertain { certain.insert(kind) } else { likely.insert(kind) }
        return end
    }
}
