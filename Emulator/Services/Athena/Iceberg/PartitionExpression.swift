internal import DuckDB
internal import Iceberg

/// A partition's value as the engine computes it from a column, in a form that a path and an answer can have.
///
/// Null is null. Texts and bytes are hexadecimal, times are whole numbers as Iceberg counts them, decimals lack their point.
enum PartitionExpression {
    /// - Parameter column: an expression of the engine with the column's value.
    static func text(
        of transform: PartitionTransform, _ column: String, _ type: IcebergType
    ) throws(SQLProblem) -> String {
        let refusal = SQLProblem.notEmulated(
            "the partition transform \(transform) of a column of type \(type)", at: nil)
        switch (transform, type) {
        case (.void, _): return "CAST(NULL AS VARCHAR)"
        case (.identity, _): return try plain(column, type)
        case (.year, .date), (.year, .timestamp), (.year, .timestamptz):
            return text("date_part('year', \(moment(column, type))) - 1970")
        case (.month, .date), (.month, .timestamp), (.month, .timestamptz):
            let moment = moment(column, type)
            return text("(date_part('year', \(moment)) - 1970) * 12 + date_part('month', \(moment)) - 1")
        case (.day, .date), (.day, .timestamp), (.day, .timestamptz):
            return text("CAST(\(moment(column, type)) AS DATE) - DATE '1970-01-01'")
        case (.hour, .timestamp), (.hour, .timestamptz):
            let time = "epoch_us(\(moment(column, type)))"
            return text("(\(time) - \(remainder(time, 3_600_000_000))) // 3600000000")
        case (.truncate(let width), .int), (.truncate(let width), .long):
            let value = "CAST(\(column) AS HUGEINT)"
            return text("\(value) - \(remainder(value, Int64(width)))")
        case (.truncate(let width), .string): return "hex(encode(left(\(column), \(width))))"
        case (.bucket(let count), .int), (.bucket(let count), .long), (.bucket(let count), .date),
            (.bucket(let count), .timestamp), (.bucket(let count), .timestamptz):
            let value =
                switch type {
                case .date: "\(column) - DATE '1970-01-01'"
                case .timestamp, .timestamptz: "epoch_us(\(moment(column, type)))"
                default: column
                }
            return bucket("iceberg_whole(CAST(\(value) AS BIGINT))", count)
        case (.bucket(let count), .string): return bucket("iceberg_bytes(hex(encode(\(column))))", count)
        case (.bucket(let count), .binary): return bucket("iceberg_bytes(hex(\(column)))", count)
        default: throw refusal
        }
    }

    private static func text(_ number: String) -> String { "CAST(\(number) AS VARCHAR)" }

    private static func bucket(_ hash: String, _ count: Int32) -> String {
        "CAST((\(hash) & 2147483647) % \(count) AS VARCHAR)"
    }

    private static func moment(_ column: String, _ type: IcebergType) -> String {
        // In UTC, as the session is.
        type == .timestamptz ? "CAST(\(column) AS TIMESTAMP)" : column
    }

    /// Never negative.
    private static func remainder(_ value: String, _ divisor: Int64) -> String {
        "((\(value) % \(divisor)) + \(divisor)) % \(divisor)"
    }

    private static func plain(_ column: String, _ type: IcebergType) throws(SQLProblem) -> String {
        switch type {
        case .boolean, .int, .long: return text(column)
        case .date: return text("\(column) - DATE '1970-01-01'")
        case .time: return text("epoch_us(\(column))")
        case .timestamp, .timestamptz: return text("epoch_us(\(moment(column, type)))")
        case .decimal: return "replace(\(text(column)), '.', '')"
        case .string: return "hex(encode(\(column)))"
        case .binary, .fixed: return "hex(\(column))"
        default: throw .notEmulated("a partition by values of type \(type)", at: nil)
        }
    }

    /// The value of such a text; nil if it is none of the type.
    /// - Parameter type: of the partition's value.
    static func value(_ text: String, of type: IcebergType) -> IcebergValue? {
        switch type {
        case .boolean: ["true": .boolean(true), "false": .boolean(false)][text]
        case .int, .date: Int32(text).map { .int($0) }
        case .long, .time, .timestamp, .timestamptz: Int64(text).map { .long($0) }
        case .decimal: Int128(text).map { .decimal($0) }
        case .string: bytes(text).map { .string(String(decoding: $0, as: UTF8.self)) }
        case .binary, .fixed: bytes(text).map { .bytes($0) }
        default: nil
        }
    }

    private static func bytes(_ text: String) -> [UInt8]? {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while !rest.isEmpty {
            guard let byte = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16) else { return nil }
            bytes.append(byte)
            rest = rest.dropFirst(2)
        }
        return bytes
    }

    /// Iceberg's hash as macros of the engine: MurmurHash3 of 32 bits, over a whole number's eight bytes or over a text's.
    /// - SeeAlso: <https://iceberg.apache.org/spec/#appendix-b-32-bit-hash-requirements>
    static let macros = [
        "iceberg_turn(x, r) AS ((x << r) & 4294967295) | (x >> (32 - r))",
        "iceberg_mix(k) AS (iceberg_turn((k * 3432918353) & 4294967295, 15) * 461845907) & 4294967295",
        "iceberg_step(h, k) AS (iceberg_turn(xor(h, iceberg_mix(k)), 13) * 5 + 3864292196) & 4294967295",
        "iceberg_end_c(h) AS xor(h, h >> 16)",
        "iceberg_end_b(h) AS iceberg_end_c((xor(h, h >> 13) * 3266489909) & 4294967295)",
        "iceberg_end(h) AS iceberg_end_b((xor(h, h >> 16) * 2246822507) & 4294967295)",
        """
        iceberg_whole(v) AS iceberg_end(xor(iceberg_step(iceberg_step(CAST(0 AS UBIGINT), \
        CAST(v & 4294967295 AS UBIGINT)), CAST((v >> 32) & 4294967295 AS UBIGINT)), CAST(8 AS UBIGINT)))
        """,
        // Of hexadecimal digits, the first byte the least.
        """
        iceberg_word(t) AS CAST('0x' || substr(t, 7, 2) || substr(t, 5, 2) || substr(t, 3, 2) || substr(t, 1, 2) \
        AS UBIGINT)
        """,
        """
        iceberg_bytes(t) AS iceberg_end(xor(xor(list_reduce(list_transform(range(length(t) // 8), \
        lambda i: iceberg_word(substr(t, CAST(i * 8 + 1 AS BIGINT), 8))), lambda h, k: iceberg_step(h, k), \
        CAST(0 AS UBIGINT)), iceberg_mix(iceberg_word(rpad(substr(t, length(t) // 8 * 8 + 1), 8, '0')))), \
        CAST(length(t) // 2 AS UBIGINT)))
        """,
    ].map { "CREATE OR REPLACE MACRO \($0)" }
}
