import AWSModels
import Testing

@Suite struct TimestampTests {
    @Test(
        "a timestamp and its RFC 3339 text convert into each other",
        arguments: [
            ("1970-01-01T00:00:00.000Z", 0), ("1969-12-31T23:59:59.999Z", -1),
            ("2000-02-29T12:00:00.000Z", 951_825_600_000),
            ("2024-02-29T23:59:59.500Z", 1_709_251_199_500), ("2100-03-01T00:00:00.000Z", 4_107_542_400_000),
            ("1900-01-01T00:00:00.000Z", -2_208_988_800_000),
        ])
    func roundTrip(text: String, milliseconds: Int64) {
        #expect(Timestamp(millisecondsSinceEpoch: milliseconds).rfc3339 == text)
        #expect(Timestamp(rfc3339: text)?.millisecondsSinceEpoch == milliseconds)
    }

    @Test(
        "other forms of RFC 3339 are read",
        arguments: [
            ("2026-03-01T09:30:00Z", "2026-03-01T09:30:00.000Z"),
            ("2026-03-01t09:30:00.1z", "2026-03-01T09:30:00.100Z"),
            ("2026-03-01T09:30:00.123456789Z", "2026-03-01T09:30:00.123Z"),
            ("2026-03-01T01:30:00+02:00", "2026-02-28T23:30:00.000Z"),
            ("2026-03-01T01:30:00-05:30", "2026-03-01T07:00:00.000Z"),
        ])
    func otherForms(text: String, normal: String) {
        #expect(Timestamp(rfc3339: text)?.rfc3339 == normal)
    }

    @Test(
        "any other text is refused",
        arguments: [
            "", "2026-03-01", "2026-13-01T00:00:00Z", "2026-02-29T00:00:00Z", "2026-03-01T24:00:00Z",
            "2026-03-01T00:00:00",
            "2026-03-01T00:00:00.Z", "2026-03-01T00:00:00Zx", "2026-3-1T00:00:00Z", "2026-00-01T00:00:00Z",
        ])
    func invalidTexts(text: String) {
        #expect(Timestamp(rfc3339: text) == nil)
    }

    @Test("days across five centuries read back, and their texts order as the instants do") func ordering() {
        var earlier: Timestamp?
        for day in stride(from: -100_000, through: 100_000, by: 17) {
            let time = Timestamp(millisecondsSinceEpoch: Int64(day) * 86_400_000 + 43_200_123)
            #expect(Timestamp(rfc3339: time.rfc3339) == time)
            if let earlier { #expect(earlier < time && earlier.rfc3339 < time.rfc3339) }
            earlier = time
        }
    }

    @Test("the basic form has no separators and no fraction") func basicForm() {
        #expect(Timestamp(rfc3339: "2015-08-30T12:36:00.999Z")?.basicISO8601 == "20150830T123600Z")
    }
}
