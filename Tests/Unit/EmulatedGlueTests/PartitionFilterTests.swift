import EmulatorCore
import JSON
import Testing

@testable import EmulatedGlue

@Suite struct PartitionFilterTests {
    private let keys = [
        PartitionKey(name: "Year", type: "int"), PartitionKey(name: "region", type: "varchar(10)"),
        PartitionKey(name: "price", type: "decimal(20,4)"), PartitionKey(name: "day", type: "date"),
        PartitionKey(name: "at", type: "timestamp"),
    ]
    private let values = ["2026", "west", "-12.50", "2026-11-29", "2026-11-29 12:34:56.7"]

    private func matches(_ text: String, _ values: [String]? = nil) throws -> Bool {
        try PartitionFilter(text, keys: keys).matches(values ?? self.values)
    }

    @Test(
        "an expression compares each column by its type, whatever quotes the value has",
        arguments: [
            "year = 2026", "YEAR='2026'", #""year" = 2026"#, "year >= 02026 and year<=2026", "year <> 5", "year != 5",
            "year > 999", "year BETWEEN 2025 AND 2027 AND region = 'west'", "year in (1, 2026)", "year NOT IN (1,2)",
            "region like 'w%t'", "region LIKE '_es_'", "region NOT LIKE 'e%'", "region like 'west%'",
            "price = -12.5", "price < -2", "price > -100.1", "price between -13 and +0", "day > '2026-02-01'",
            "day <= '2026-11-29'", "at = '2026-11-29 12:34:56.700'", "at < '2026-11-29 12:34:57'",
            "NOT year = 5", "not (year = 5 or region = 'east')", "region is not null", "(((year = 2026)))",
            "year = 5 or year = 6 or region = 'west'", "year = 2026 or year = 1 and region = 'east'",
            "region = 'west' AND NOT region = 'it''s'",
        ])
    func holds(text: String) throws {
        #expect(try matches(text))
        #expect(try !matches("NOT (\(text))"))
    }

    @Test("nothing but IS NULL holds for null")
    func null() throws {
        let nothing = Array(repeating: "__HIVE_DEFAULT_PARTITION__", count: 5)
        for text in [
            "year = 1", "year <> 1", "not year = 1", "region like '%'", "year in (1)", "year = 1 and price = 1",
        ] {
            #expect(try !matches(text, nothing), "\(text)")
        }
        #expect(try matches("year is null and region is null", nothing))
        #expect(try matches("year = 1 or day is null", nothing))
        #expect(try !matches("year is null"))
    }

    @Test(
        "an expression that is not valid is refused with what is wrong",
        arguments: [
            ("year", "Unsupported expression 'year'"), ("year =", "Unsupported expression 'year ='"),
            ("year == 5", "Unsupported expression 'year == 5'"), ("year = 5 5", "Unsupported expression 'year = 5 5'"),
            ("region = 'x", "Unsupported expression 'region = 'x'"),
            ("year = 5; x", "Unsupported expression 'year = 5; x'"),
            ("(year = 5", "Unsupported expression '(year = 5'"), ("year in ()", "Unsupported expression 'year in ()'"),
            ("year not = 5", "Unsupported expression 'year not = 5'"), ("month = 5", "Invalid partition expression!"),
            ("year = 'x'", "\"x\" is not an integer."), ("year = 1.5", "\"1.5\" is not an integer."),
            ("price = '1e5'", "1e5 is not a decimal."), ("day = '2026-02-30'", "2026-02-30 is not a date."),
            (
                "at = '2026-11-29'",
                "Timestamp format must be yyyy-mm-dd hh:mm:ss[.fffffffff] 2026-11-29 is not a timestamp."
            ),
            ("year like '2%'", "Integral data type doesn't support operation 'LIKE'"),
            ("day like '2%'", "Date data type doesn't support operation 'LIKE'"),
        ])
    func refused(text: String, message: String) {
        let fault = #expect(throws: AWSFault.self) { try matches(text) }
        #expect(fault?.code == "InvalidInputException")
        #expect(fault?.message == message)
    }

    @Test("an expression nested too deeply is refused, not followed")
    func depth() {
        let text = String(repeating: "(", count: 100_000) + "year = 1" + String(repeating: ")", count: 100_000)
        #expect(throws: AWSFault.self) { try matches(text) }
        #expect(throws: AWSFault.self) { try matches(String(repeating: "not ", count: 100_000) + "year = 1") }
    }

    @Test("a partition whose value does not fit its column's type is an error of the state")
    func wrongValue() {
        let fault = #expect(throws: AWSFault.self) { try matches("year = 1", ["x", "", "1", "", ""]) }
        #expect(fault?.code == "InvalidStateException")
        let unknown = #expect(throws: AWSFault.self) {
            try PartitionFilter("b = 1", keys: [PartitionKey(name: "b", type: "boolean")])
        }
        #expect(unknown?.message == "Unknown type : 'boolean'")
    }

    @Test("numbers of any length compare exactly")
    func numbers() throws {
        let sorted = ["-10", "-9.5", "-9.49", "0", "0.1", "0.11", "9", "10", "123456789012345678901234567890"]
        let numbers = try sorted.map { try #require(DecimalText($0)) }
        #expect(numbers.sorted() == numbers)
        #expect(DecimalText("-0.0") == DecimalText("+00"))
        for text in ["", "-", ".", "1.2.3", "1e3", " 1", "--1", "٣"] { #expect(DecimalText(text) == nil, "\(text)") }
    }

    @Test("segments divide the partitions: each is in exactly one")
    func segments() throws {
        let segments = try (0..<4).map {
            try PartitionSegment(["SegmentNumber": .int($0), "TotalSegments": 4])
        }
        for value in 0..<100 {
            #expect(segments.count { $0.contains(["2026", "\(value)"]) } == 1)
        }
        for wrong: JSON in [[:], ["SegmentNumber": 4, "TotalSegments": 4], ["SegmentNumber": 0, "TotalSegments": 11]] {
            #expect(throws: AWSFault.self) { try PartitionSegment(wrong) }
        }
    }
}
