import Columns
import Testing

@testable import cupel

@Suite struct ParquetTypeTests {
    private func value(_ text: String, _ type: String, precision: Int = 0, scale: Int = 0) -> ColumnValues? {
        let column = AthenaClient.Column(name: "c", type: type, precision: precision, scale: scale)
        guard let type = ParquetType(column) else { return nil }
        var values = type.values
        return type.append(text, to: &values) ? values : nil
    }

    @Test("texts of Athena's scalar types are their values") func scalars() {
        #expect(value("true", "boolean") == .boolean([1]))
        #expect(value("-128", "tinyint") == .int32([-128]))
        #expect(value("-9223372036854775808", "bigint") == .int64([.min]))
        #expect(value("1.5E10", "double") == .double([1.5e10]))
        #expect(value("Infinity", "float") == .float([.infinity]))
        #expect(value("1970-01-02", "date") == .int32([1]))
        #expect(value("1970-01-01 00:00:01.5", "timestamp") == .int64([1_500_000]))
        #expect(value("1969-12-31 23:59:59.999999", "timestamp") == .int64([-1]))
        #expect(value("1970-01-01 01:00:00.000 +01:00", "timestamp with time zone") == .int64([0]))
        #expect(value("-12.3", "decimal", precision: 9, scale: 2) == .int32([-1230]))
        #expect(value("0.01", "decimal", precision: 18, scale: 2) == .int64([1]))
        #expect(
            value("-1", "decimal", precision: 38, scale: 0)
                == .fixedLengthByteArray([UInt8](repeating: 0xFF, count: 16), length: 16))
        var bytes = ByteArrays()
        bytes.append([0, 0xFF])
        #expect(value("00 ff", "varbinary") == .byteArray(bytes))
    }

    @Test(
        "what is not a value of the type is refused, whatever it is",
        arguments: [
            ("128", "tinyint"), ("1e3", "bigint"), ("99999999999999999999", "bigint"), ("yes", "boolean"),
            ("2026-02-30", "date"), ("2026-13-01 00:00:00", "timestamp"), ("2026-01-01 25:00:00", "timestamp"),
            ("2026-01-01 00:00:00.1x", "timestamp"), ("2026-01-01 00:00:00 Europe/Paris", "timestamp with time zone"),
            ("99999999999999999-01-01", "date"), ("0g", "varbinary"), ("", "date"), ("[1, 2]", "array"),
        ])
    func refused(text: String, type: String) { #expect(value(text, type) == nil) }

    @Test("a decimal with more digits than its type is refused") func decimals() {
        #expect(value("123.4", "decimal", precision: 4, scale: 2) == nil)
        #expect(value("1.234", "decimal", precision: 9, scale: 2) == nil)
        #expect(value("1", "decimal", precision: 39, scale: 2) == nil)
        #expect(value("-", "decimal", precision: 9, scale: 2) == nil)
        #expect(value(".", "decimal", precision: 9, scale: 2) == nil)
    }
}
