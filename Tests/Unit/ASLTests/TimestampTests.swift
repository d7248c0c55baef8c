import ASL
import Testing

struct TimestampTests {
    @Test(
        "a timestamp is parsed to the millisecond",
        arguments: [
            ("1970-01-01T00:00:00Z", 0), ("2016-03-14T01:59:00Z", 1_457_920_740_000),
            ("2000-02-29T23:59:59.250+01:00", 951_865_199_250), ("1969-12-31T23:59:59.999Z", -1),
            ("2024-12-31T23:59:59.123456789-05:30", 1_735_709_399_123),
        ])
    func parsing(text: String, milliseconds: Int64) {
        #expect(Timestamp(rfc3339: text)?.milliseconds == milliseconds)
    }

    @Test(
        "a text outside the profile is not a timestamp",
        arguments: [
            "2016-13-05T21:29:29Z", "2016-12-05T25:29:29Z", "2016-12-05T21:29:29", "2016-12-05 21:29:29Z",
            "05-12-2016T21:29:29Z", "2015-02-29T00:00:00Z", "2016-12-05T21:29:29.Z", "2016-12-05T21:29:29z", "",
        ])
    func invalidTimestamp(text: String) {
        #expect(Timestamp(rfc3339: text) == nil)
    }

    @Test(
        "a timestamp is parsed back from its own text",
        arguments: [0, 951_865_199_250, 4_102_444_800_001, -86_400_001] as [Int64])
    func roundTrip(milliseconds: Int64) {
        let timestamp = Timestamp(milliseconds: milliseconds)
        #expect(Timestamp(rfc3339: timestamp.text) == timestamp)
    }
}
