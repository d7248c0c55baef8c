internal import AWSClient
internal import PII

/// A service's finding in a column: how many of the values that it was shown.
struct RemoteFinding: Hashable {
    let matchedCount: Int
    let sampledCount: Int
}

/// Amazon Comprehend as a detector of personal data, which knows names and street addresses too.
struct PersonalDataService: Sendable {
    /// A column's sample in bytes. Comprehend is paid for by 100 characters, so this is 50 units a column and file.
    static let defaultSample = 5000
    /// Below this score, the service is not sure.
    private static let leastScore = 0.8
    /// The share of values in which something must be found; a service that reads names finds some everywhere.
    private static let leastShare = 0.05
    /// Entities that are not personal data by themselves.
    private static let ignored: Set<String> = ["DATE_TIME", "URL"]

    private let ask: @Sendable (String) throws -> [Comprehend.Entity]
    private let sampleInBytes: Int

    init(_ comprehend: Comprehend, language: String, sampleInBytes: Int = defaultSample) {
        ask = { text in try comprehend.personalData(in: text, language: language) }
        self.sampleInBytes = min(sampleInBytes, Comprehend.textLimit)
    }

    /// Shows as many of the values as the sample holds, a line each, in one call.
    func findings(in values: [ArraySlice<UInt8>]) throws -> [String: RemoteFinding] {
        var (text, lineStarts, length, bytes): (String, [Int], Int, Int) = ("", [], 0, 0)
        for value in values {
            guard bytes + value.count + 1 <= sampleInBytes else { break }
            let line = String(decoding: value, as: UTF8.self)
            lineStarts.append(length)
            text += line + "\n"
            length += line.unicodeScalars.count + 1
            bytes += value.count + 1
        }
        guard !lineStarts.isEmpty else { return [:] }
        let scalars = Array(text.unicodeScalars)
        var lines: [String: Set<Int>] = [:]
        for entity in try ask(text) {
            guard entity.score >= Self.leastScore, !Self.ignored.contains(entity.type),
                let line = lineStarts.lastIndex(where: { $0 <= entity.range.lowerBound })
            else { continue }
            let found = scalars[min(entity.range.lowerBound, length)..<min(entity.range.upperBound, length)]
            lines[Self.kind(of: entity.type, found), default: []].insert(line)
        }
        return lines.compactMapValues { found in
            guard Double(found.count) >= Self.leastShare * Double(lineStarts.count) else { return nil }
            return RemoteFinding(matchedCount: found.count, sampledCount: lineStarts.count)
        }
    }

    /// The name that our detectors have for it, or the service's own in lowercase.
    private static func kind(of type: String, _ found: ArraySlice<Unicode.Scalar>) -> String {
        switch type {
        case "EMAIL": PersonalDataKind.email.rawValue
        case "PHONE": PersonalDataKind.phone.rawValue
        case "CREDIT_DEBIT_NUMBER": PersonalDataKind.paymentCard.rawValue
        case "INTERNATIONAL_BANK_ACCOUNT_NUMBER": PersonalDataKind.iban.rawValue
        case "IP_ADDRESS": (found.contains(":") ? PersonalDataKind.ipv6 : .ipv4).rawValue
        case "SSN": PersonalDataKind.ssn.rawValue
        default: type.lowercased()
        }
    }
}
