import TestRandom
import Testing

@testable import PII

@Suite struct DetectorTests {
    /// Precision and recall that the README states, of each detector on the corpus of seed 20261121.
    static let stated: [(kind: PersonalDataKind, precision: Double, recall: Double)] = [
        (.email, 1, 0.982), (.phone, 1, 0.934), (.paymentCard, 0.982, 1), (.iban, 0.994, 1), (.ipv4, 1, 0.992),
        (.ipv6, 1, 1), (.ssn, 0.919, 0.751), (.cpf, 0.99, 1), (.cnpj, 0.998, 1), (.cep, 1, 1), (.zip, 1, 1),
    ]

    @Test func eachDetectorIsAsPreciseAndAsThoroughAsTheREADMESays() throws {
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
            #expect(
                right > 0 && isPrecise >= precision, "\(kind): wrong are \(wrong.count), such as \(wrong.prefix(8))")
            #expect(isThorough >= recall, "\(kind): missed are \(missed.count), such as \(missed.prefix(8))")
        }
    }
}

@Suite struct SampleTests {
    private func kinds(_ column: String, _ texts: [String]) -> [PersonalDataKind] {
        var sample = PersonalDataSample(column: column)
        for text in texts { Array(text.utf8).withUnsafeBufferPointer { sample.add($0) } }
        #expect(sample.count == texts.count)
        return sample.findings.map(\.kind)
    }

    @Test func oneAddressAmongAThousandTextsIsEnough() {
        let texts = (0..<1000).map { "a text, number \($0)" }
        #expect(kinds("note", texts).isEmpty)
        #expect(kinds("note", texts + ["ask ann@example.org"]) == [.email])
    }

    @Test func numbersThatChanceMakesAreNotEnoughAndManyOfThemAre() {
        let orders = (0..<1000).map { "\(4_000_000_000_000_000 + $0 * 7_919_777)" }
        #expect(kinds("order", orders).isEmpty)
        let versions = (0..<1000).map { "10.\($0 % 20).0.1" }
        #expect(kinds("host", versions) == [.ipv4])
        #expect(kinds("host", Array(versions.prefix(30)) + (0..<970).map { "host-\($0)" }).isEmpty)
    }

    @Test func fiveDigitsAreAPostalCodeWhereTheColumnSaysSoAndNowhereElse() {
        let codes = (0..<100).map { "\(10_000 + $0)" }
        #expect(kinds("zip", codes) == [.zip])
        #expect(kinds("order_id", codes).isEmpty)
    }
}
