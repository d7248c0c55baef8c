import Foundation
import Testing

@testable import EmulatorCore

@Suite struct TimestampTests {
    @Test("known times are written as the RFCs write them")
    func knownTimes() {
        #expect(Timestamp(milliseconds: 0).iso8601 == "1970-01-01T00:00:00.000Z")
        #expect(Timestamp(milliseconds: 784_111_777_042).httpDate == "Sun, 06 Nov 1994 08:49:37 GMT")
        #expect(Timestamp(milliseconds: 951_782_400_001).iso8601 == "2000-02-29T00:00:00.001Z")
        #expect(Timestamp(milliseconds: -1).iso8601 == "1969-12-31T23:59:59.999Z")
    }

    @Test("HTTP dates of two centuries match Foundation and parse back")
    func roundTrip() {
        let formatter = DateFormatter()
        formatter.locale = Locale(identifier: "en_US_POSIX")
        formatter.timeZone = TimeZone(secondsFromGMT: 0)
        formatter.dateFormat = "EEE, dd MMM yyyy HH:mm:ss 'GMT'"
        for second in stride(from: Int64(0), to: 7_000_000_000, by: 13_999_993) {
            let moment = Timestamp(milliseconds: second * 1000)
            #expect(moment.httpDate == formatter.string(from: Date(timeIntervalSince1970: Double(second))))
            #expect(Timestamp(httpDate: moment.httpDate) == moment)
        }
    }

    @Test(
        "text in another format is not an HTTP date",
        arguments: [
            "", "yesterday", "Sun, 06 Nov 1994 08:49:37 CET", "Sun, 06 Foo 1994 08:49:37 GMT", "1 2 3 4 5 6 7 8",
        ])
    func invalidDate(_ text: String) { #expect(Timestamp(httpDate: text) == nil) }
}
