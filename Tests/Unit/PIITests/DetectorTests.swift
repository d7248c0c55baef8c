import TestRandom
import Testing

@testable import PII

@Suite struct DetectorTests {
    /// The precision and recall of each detector on the corpus of seed 20261121, as the README states them.
    static let stated: [(kind: PersonalDataKind, precision: Double, recall: Double)] = [
        (.email, 1, 0.982), (.phone, 1, 0.941), (.paymentCard, 0.982, 1), (.iban, 0.993, 1), (.ipv4, 1, 0.992),
        (.ipv6, 1, 1), (.ssn, 0.925, 0.834), (.cpf, 0.99, 1), (.cnpj, 0.998, 1), (.cep, 1, 1), (.zip, 1, 1),
    ]

    @Test("each detector reaches the precision and recall that the README states") func precisionAndRecall() throws {
        var corpus = Corpus(seed: 20_261_121)
        let texts = corpus.texts(of: 1000, negatives: 20_000)
        var (right, wrong, missed):
            ([PersonalDataKind: Int], [PersonalDataKind: [String]], [PersonalDataKind: [String]]) =
                ([:], [:], [:])
        for text in texts {
            let found = PersonalDataDetector(column: text.column).matches(in: text.text).kinds
            for kind in found where kind != text.kind { wrong[kind, default: []].append(text.text) }
            guard let kind = text.kind else { continue }
            if found.contains(kind) {
                right[kind, default: 0] += 1
            } else {
                missed[kind, default: []].append(text.text)
            }
        }
        for (kind, precision, recall) in Self.stated {
            let (right, wrong, missed) = (right[kind] ?? 0, wrong[kind] ?? [], missed[kind] ?? [])
            let isPrecise = Double(right) / Double(right + wrong.count)
            let isThorough = Double(right) / Double(right + missed.count)
            // Only social security numbers written as nine plain digits may be missed.
            if kind == .ssn {
                #expect(missed.allSatisfy(Self.hasNineDigits), "\(missed.filter { !Self.hasNineDigits($0) })")
            }
            #expect(
                right > 0 && isPrecise >= precision,
                "\(kind): \(wrong.count) false positives, such as \(wrong.prefix(8))")
            #expect(isThorough >= recall, "\(kind): \(missed.count) missed, such as \(missed.prefix(8))")
        }
    }
}

extension DetectorTests {
    private static func hasNineDigits(_ text: String) -> Bool {
        text.split { !$0.isNumber }.contains { $0.count == 9 }
    }
}

@Suite struct SampleTests {
    private func kinds(_ column: String, _ texts: [String]) -> [PersonalDataKind] {
        var sample = PersonalDataSample(column: column)
        for text in texts { Array(text.utf8).withUnsafeBufferPointer { sample.add($0) } }
        #expect(sample.count == texts.count)
        return sample.findings.map(\.kind)
    }

    @Test("one e-mail address among a thousand texts is a finding") func oneAddress() {
        let texts = (0..<1000).map { "a text, number \($0)" }
        #expect(kinds("note", texts).isEmpty)
        #expect(kinds("note", texts + ["ask ann@example.org"]) == [.email])
    }

    @Test("matches as frequent as chance are not a finding; more frequent ones are") func chanceMatches() {
        let orders = (0..<1000).map { "\(4_000_000_000_000_000 + $0 * 7_919_777)" }
        #expect(kinds("order", orders).isEmpty)
        let versions = (0..<1000).map { "10.\($0 % 20).0.1" }
        #expect(kinds("host", versions) == [.ipv4])
        #expect(kinds("host", Array(versions.prefix(30)) + (0..<970).map { "host-\($0)" }).isEmpty)
    }

    /// Nine-digit texts of the numbers that `make` returns, from a seed.
    private func nineDigits(_ count: Int = 1000, _ make: (inout SeededGenerator) -> Int) -> [String] {
        var random = SeededGenerator(seed: 20_261_121)
        return (0..<count).map { _ in
            let digits = String(make(&random))
            return String(repeating: "0", count: 9 - digits.count) + digits
        }
    }

    @Test("nine-digit numbers are social security numbers if all of many can be issued ones")
    func socialSecurityNumbers() {
        func issued(_ random: inout SeededGenerator) -> Int {
            let area = [Int.random(in: 1...665, using: &random), .random(in: 667...899, using: &random)].randomElement(
                using: &random)!
            return (area * 100 + .random(in: 1...99, using: &random)) * 10_000 + .random(in: 1...9999, using: &random)
        }
        #expect(kinds("reference", nineDigits(1000, issued)) == [.ssn])
        #expect(kinds("reference", nineDigits(500, issued) + ["unknown", ""]) == [.ssn])
        // No finding: too few numbers, any nine digits, none that begin with 0 or 9, or numbers that ascend.
        #expect(kinds("reference", nineDigits(400, issued)).isEmpty)
        #expect(kinds("reference", nineDigits { .random(in: 0...999_999_999, using: &$0) }).isEmpty)
        #expect(kinds("reference", nineDigits { .random(in: 100_000_000...899_999_999, using: &$0) }).isEmpty)
        #expect(kinds("reference", (0..<1000).map { "\(217_380_001 + $0 * 7)" }).isEmpty)
    }

    @Test(
        "the column's name decides what nine digits are",
        arguments: [
            ("ssn", PersonalDataKind.ssn), ("person.socialSecurityNumber", .ssn), ("soc_sec_no", .ssn), ("social", nil),
            ("security_id", nil), ("lessn", nil), ("homePhone", nil), ("reference", nil),
        ])
    func columnNames(column: String, kind: PersonalDataKind?) {
        let found = PersonalDataDetector(column: column).matches(in: "219387654").kinds
        #expect(found == (column == "homePhone" ? [.phone] : Set([kind].compactMap(\.self))))
    }

    @Test(
        "words before a number decide what it is, unless another number is between",
        arguments: [
            ("SSN 219387654", PersonalDataKind.ssn), ("her social security number is 219387654.", .ssn),
            ("tel. 2193876543", .phone), ("please call 2193876543", nil), ("order 219387654", nil),
            ("ssn? no: order 7, 219387654", nil), ("social order 219387654", nil), ("recall 2193876543", nil),
        ])
    func precedingWords(text: String, kind: PersonalDataKind?) {
        #expect(PersonalDataDetector(column: "note").matches(in: text).kinds == Set([kind].compactMap(\.self)))
    }

    @Test("five digits are a postal code only in a column named for it") func postalCodes() {
        let codes = (0..<100).map { "\(10_000 + $0)" }
        #expect(kinds("zip", codes) == [.zip])
        #expect(kinds("order_id", codes).isEmpty)
    }
}
