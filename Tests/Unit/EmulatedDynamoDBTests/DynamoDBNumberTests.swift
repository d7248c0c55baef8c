import EmulatorCore
import TestRandom
import Testing

@testable import EmulatedDynamoDB

@Suite struct DynamoDBNumberTests {
    @Test(
        "a number is written in plain digits",
        arguments: [
            ("0", "0"), ("-0.000", "0"), ("+3", "3"), (".123", "0.123"), ("1.", "1"), ("0001.2300", "1.23"),
            ("-17.4E37", "-174" + String(repeating: "0", count: 36)), ("0e1000", "0"), ("1e-3", "0.001"),
            ("00000012345678901234567890123456789012345678", "12345678901234567890123456789012345678"),
            ("1e-130", "0." + String(repeating: "0", count: 129) + "1"),
            ("9.9e125", "99" + String(repeating: "0", count: 124)), ("1000", "1000"), ("10.010", "10.01"),
        ])
    func plainDigits(text: String, expected: String) throws {
        #expect(try DecimalNumber(text).text == expected)
    }

    @Test(
        "an invalid number is refused with its reason",
        arguments: [
            ("", DecimalError.notNumeric("")), ("dog", .notNumeric("dog")), (" 1", .notNumeric(" 1")),
            ("1 ", .notNumeric("1 ")), ("NaN", .notNumeric("NaN")), ("1e", .notNumeric("1e")), ("-", .notNumeric("-")),
            ("1.2.3", .notNumeric("1.2.3")), (".", .notNumeric(".")), ("1e126", .overflow), ("-11e125", .overflow),
            ("1e100000000000000000000", .overflow), ("1e-131", .underflow), ("0.9e-130", .underflow),
            ("123456789012345678901234567890123456789", .tooPrecise),
            ("-1.23456789012345678901234567890123456789", .tooPrecise),
        ])
    func invalidNumber(text: String, expected: DecimalError) {
        #expect(throws: expected) { try DecimalNumber(text) }
    }

    @Test(
        "sums are exact",
        arguments: [
            ("1", "10000000000000000000000", "10000000000000000000001"), ("0.1", "0.2", "0.3"), ("5", "-5", "0"),
            ("99999999999999999999999999999999999999", "1", "1" + String(repeating: "0", count: 38)),
            ("1e38", "-1", String(repeating: "9", count: 38)),
            ("9e125", "9e124", "99" + String(repeating: "0", count: 124)),
            ("-0.5", "0.25", "-0.25"), ("1e-130", "-1e-130", "0"), ("0", "-7", "-7"),
        ])
    func exactSums(left: String, right: String, expected: String) throws {
        #expect(try DecimalNumber(left).adding(DecimalNumber(right)).text == expected)
        #expect(try DecimalNumber(right).adding(DecimalNumber(left)).text == expected)
        #expect(try DecimalNumber(expected).subtracting(DecimalNumber(right)) == DecimalNumber(left))
    }

    @Test(
        "a sum that needs more than 38 digits overflows",
        arguments: [("9e125", "9e125"), ("1e50", "1"), ("1e125", "1e-130")])
    func sumOverflow(left: String, right: String) throws {
        let (left, right) = (try DecimalNumber(left), try DecimalNumber(right))
        #expect(throws: DecimalError.overflow) { try left.adding(right) }
        #expect(throws: DecimalError.overflow) { try right.negated.subtracting(left) }
    }

    @Test("random numbers keep their order as key bytes, their text, and their sums")
    func randomNumbers() throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        print("seed \(seed)")
        var random = SeededGenerator(seed: seed)
        let numbers =
            (0..<600).map { _ in DecimalNumber.random(using: &random) } + [.zero, DecimalNumber(1), DecimalNumber(-1)]
        let byValue = numbers.sorted()
        let byBytes = numbers.sorted {
            KeyEncoding.bytes(of: $0).lexicographicallyPrecedes(KeyEncoding.bytes(of: $1))
        }
        #expect(byValue == byBytes, "seed \(seed)")
        for (number, next) in zip(byValue, byValue.dropFirst()) {
            #expect(try DecimalNumber(number.text) == number, "seed \(seed)")
            #expect((KeyEncoding.bytes(of: number) == KeyEncoding.bytes(of: next)) == (number == next), "seed \(seed)")
            let item = Item(ordered: [Item.Attribute(name: "n", value: .number(number))])
            #expect(try ItemReader.item(from: ItemWriter.bytes(of: item)) == item, "seed \(seed)")
            if let sum = try? number.adding(next) {
                #expect(try sum.subtracting(next) == number, "seed \(seed): \(number.text) + \(next.text)")
            }
        }
    }
}

extension DecimalNumber {
    /// A number of any length and magnitude; often a small one, so that some are close together.
    fileprivate static func random(using random: inout SeededGenerator) -> DecimalNumber {
        let isSmall = Bool.random(using: &random)
        let digits = (0..<Int.random(in: 1...(isSmall ? 3 : 38), using: &random)).map { _ in
            String(Int.random(in: 0...9, using: &random))
        }
        let exponent = isSmall ? Int.random(in: -3...3, using: &random) : Int.random(in: -130...87, using: &random)
        let sign = Bool.random(using: &random) ? "-" : ""
        return (try? DecimalNumber("\(sign)\(digits.joined())e\(exponent)")) ?? .zero
    }
}
