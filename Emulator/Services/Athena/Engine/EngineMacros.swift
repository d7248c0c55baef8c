/// Trino's functions and operators that the engine lacks or has otherwise, as its macros.
///
/// A macro whose parameters have types is chosen by the types of the arguments.
enum EngineMacros {
    static let statements = (operators + texts + times + documents + collections).map { "CREATE MACRO \($0);" }
        .joined(separator: " ")

    private static let wholeTypes = ["TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT"]

    /// A failure that TRY takes, as it does not take that of `error`.
    private static func divisionByZero(_ type: String) -> String { "CAST('Division by zero' AS \(type))" }

    /// Whole numbers are divided as such, and by zero never.
    private static let operators = [
        "trino_divide"
            + overloads(
                wholeTypes.map {
                    ("a \($0), b \($0)", "CASE WHEN b = 0 THEN \(divisionByZero($0)) ELSE a // b END")
                }
                    + [
                        ("a FLOAT, b FLOAT", "a / b"), ("a DOUBLE, b DOUBLE", "a / b"),
                        (
                            "a DECIMAL, b DECIMAL",
                            "error('The division of decimals is not emulated: write one as a double, such as 2e0')"
                        ), ("a, b", "a / b"),
                    ]),
        "trino_modulus"
            + overloads(
                wholeTypes.map { ("a \($0), b \($0)", "CASE WHEN b = 0 THEN \(divisionByZero($0)) ELSE a % b END") }
                    + [("a, b", "a % b")]),
        "trino_plus"
            + overloads([
                ("a DATE, b INTERVAL", "CAST(a + b AS DATE)"), ("a INTERVAL, b DATE", "CAST(a + b AS DATE)"),
                ("a, b", "a + b"),
            ]),
        "trino_minus"
            + overloads([
                ("a DATE, b INTERVAL", "CAST(a - b AS DATE)"),
                ("a DATE, b DATE", "error('The difference of two dates is not emulated: use date_diff')"),
                ("a TIMESTAMP, b TIMESTAMP", "error('The difference of two times is not emulated: use date_diff')"),
                ("a, b", "a - b"),
            ]),
        // A fraction is rounded half up.
        """
        trino_whole(a) AS CASE WHEN typeof(a) IN ('DOUBLE', 'FLOAT') THEN CAST(round(TRY_CAST(a AS DOUBLE)) AS BIGINT) \
        ELSE CAST(a AS BIGINT) END
        """,
        """
        trino_try_whole(a) AS CASE WHEN typeof(a) IN ('DOUBLE', 'FLOAT') \
        THEN TRY_CAST(round(TRY_CAST(a AS DOUBLE)) AS BIGINT) ELSE TRY_CAST(a AS BIGINT) END
        """,
    ]

    /// Values as Trino writes them.
    private static let texts = [
        // As Java writes a double: 1.0E10, with the shortest digits.
        #"trino_java(s, x) AS CASE WHEN isnan(x) THEN 'NaN' "#
            + #"WHEN isinf(x) THEN CASE WHEN x > 0 THEN 'Infinity' ELSE '-Infinity' END "#
            + #"WHEN x = 0 OR (abs(x) >= 1e-3 AND abs(x) < 1e7) THEN s "#
            + #"WHEN contains(s, 'e') THEN (CASE WHEN contains(split_part(s, 'e', 1), '.') THEN split_part(s, 'e', 1) "#
            + #"ELSE split_part(s, 'e', 1) || '.0' END) || 'E' || CAST(CAST(split_part(s, 'e', 2) AS INTEGER) AS VARCHAR) "#
            + #"WHEN abs(x) >= 1e7 THEN regexp_replace(rtrim(replace(s, '.', ''), '0') || '.', "#
            + #"'^(-?[0-9])([0-9]*)\.$', '\1.\2') || (CASE WHEN regexp_matches(rtrim(replace(s, '.', ''), '0'), "#
            + #"'^-?[0-9]$') THEN '0' ELSE '' END) || 'E' || CAST(strpos(ltrim(s, '-'), '.') - 2 AS VARCHAR) "#
            + #"ELSE regexp_replace(regexp_replace(s, '^(-?)0\.0*([0-9])([0-9]*)$', '\1\2.\3'), '\.$', '.0') || 'E-' "#
            + #"|| CAST(length(regexp_extract(s, '^-?0\.(0*)', 1)) + 1 AS VARCHAR) END"#,
        // Milliseconds, or microseconds where there are some.
        """
        trino_moment(t) AS CASE WHEN epoch_us(t) % 1000 = 0 THEN strftime(t, '%Y-%m-%d %H:%M:%S.%g') \
        ELSE strftime(t, '%Y-%m-%d %H:%M:%S.%f') END
        """,
        "trino_clock(t) AS substr(trino_moment(DATE '2000-01-01' + t), 12)",
        "trino_bytes(b) AS rtrim(regexp_replace(lower(hex(b)), '(..)', '\\1 ', 'g'))",
        """
        trino_text(a) AS CASE WHEN typeof(a) IN ('DOUBLE', 'FLOAT') \
        THEN trino_java(CAST(a AS VARCHAR), TRY_CAST(CAST(a AS VARCHAR) AS DOUBLE)) \
        WHEN typeof(a) = 'TIMESTAMP' THEN trino_moment(TRY_CAST(CAST(a AS VARCHAR) AS TIMESTAMP)) \
        WHEN typeof(a) = 'TIMESTAMP WITH TIME ZONE' \
        THEN trino_moment(CAST(TRY_CAST(CAST(a AS VARCHAR) AS TIMESTAMP WITH TIME ZONE) AS TIMESTAMP)) || ' UTC' \
        WHEN typeof(a) = 'TIME' THEN trino_clock(TRY_CAST(CAST(a AS VARCHAR) AS TIME)) ELSE CAST(a AS VARCHAR) END
        """,
        """
        trino_typeof(a) AS CASE typeof(a) WHEN 'FLOAT' THEN 'real' WHEN 'BLOB' THEN 'varbinary' \
        WHEN 'TIMESTAMP' THEN 'timestamp(3)' WHEN 'TIMESTAMP WITH TIME ZONE' THEN 'timestamp(3) with time zone' \
        WHEN 'HUGEINT' THEN 'bigint' WHEN '"NULL"' THEN 'unknown' \
        ELSE CASE WHEN typeof(a) LIKE '%]' OR typeof(a) LIKE 'MAP(%' OR typeof(a) LIKE 'STRUCT(%' \
        THEN error('typeof of a nested type is not emulated') ELSE lower(typeof(a)) END END
        """,
        // The engine counts from 0 as from 1.
        "trino_substr"
            + overloads([
                ("s, i", "CASE WHEN i = 0 THEN '' ELSE substr(s, i) END"),
                ("s, i, n", "CASE WHEN i = 0 THEN '' ELSE substr(s, i, n) END"),
            ]),
        "trino_regexp_extract"
            + overloads([
                ("s, p", "CASE WHEN regexp_matches(s, p) THEN regexp_extract(s, p) END"),
                ("s, p, g", "CASE WHEN regexp_matches(s, p) THEN regexp_extract(s, p, g) END"),
            ]),
        // Java's $1 is the engine's \1.
        "trino_regexp_replace"
            + overloads([
                ("s, p", "regexp_replace(s, p, '', 'g')"),
                ("s, p, r", #"regexp_replace(s, p, regexp_replace(r, '\$([0-9])', '\\\1', 'g'), 'g')"#),
            ]),
        "trino_md5(b) AS unhex(md5(b))", "trino_sha256(b) AS unhex(sha256(b))",
    ]

    private static let times = [
        "trino_from_unixtime(seconds) AS to_timestamp(seconds)",
        "trino_millisecond(t) AS date_part('millisecond', t) % 1000",
        "trino_from_iso8601_timestamp(s) AS CAST(s AS TIMESTAMP WITH TIME ZONE)",
        "trino_date_trunc"
            + overloads([
                ("unit, d DATE", "CAST(date_trunc(unit, d) AS DATE)"), ("unit, t TIMESTAMP", "date_trunc(unit, t)"),
                ("unit, t TIMESTAMP WITH TIME ZONE", "date_trunc(unit, t)"),
            ]),
        // Whole units between the two, not borders of units.
        "trino_date_diff(unit, a, b) AS date_sub(unit, a, b)",
        "trino_date_add"
            + overloads([
                ("unit, n, d DATE", "CAST(d + \(interval) AS DATE)"), ("unit, n, t TIMESTAMP", "t + \(interval)"),
                ("unit, n, t TIMESTAMP WITH TIME ZONE", "t + \(interval)"),
            ]),
    ]

    private static let interval = """
        CASE lower(unit) WHEN 'millisecond' THEN to_milliseconds(n) WHEN 'second' THEN to_seconds(n) \
        WHEN 'minute' THEN to_minutes(n) WHEN 'hour' THEN to_hours(n) WHEN 'day' THEN to_days(CAST(n AS INTEGER)) \
        WHEN 'week' THEN to_weeks(CAST(n AS INTEGER)) WHEN 'month' THEN to_months(CAST(n AS INTEGER)) \
        WHEN 'quarter' THEN to_months(CAST(n * 3 AS INTEGER)) WHEN 'year' THEN to_years(CAST(n AS INTEGER)) \
        ELSE error('''' || unit || ''' is not a valid TIMESTAMP field') END
        """

    private static let documents = [
        """
        trino_json_extract_scalar(j, p) AS CASE WHEN json_type(j, p) IN ('OBJECT', 'ARRAY') THEN NULL \
        ELSE json_extract_string(j, p) END
        """,
        "trino_json_parse(s) AS CAST(s AS JSON)", "trino_json_format(j) AS CAST(j AS VARCHAR)",
    ]

    private static let collections = [
        "trino_element_at(a, i) AS (a)[i]",
        // Of an array or a map: the engine's own function takes one of them only.
        """
        trino_cardinality(a) AS CAST(CASE WHEN typeof(a) LIKE 'MAP%' THEN json_array_length(json_keys(to_json(a))) \
        ELSE json_array_length(to_json(a)) END AS BIGINT)
        """,
        "trino_array_join"
            + overloads([
                ("a, s", "array_to_string(list_transform(a, lambda x: trino_text(x)), s)"),
                ("a, s, n", "array_to_string(list_transform(a, lambda x: coalesce(trino_text(x), n)), s)"),
            ]),
        "trino_array_sort(a) AS list_sort(a, 'ASC', 'NULLS LAST')",
        "trino_array_position(a, x) AS coalesce(list_position(a, x), 0)",
        "trino_sequence"
            + overloads([
                (
                    "a BIGINT, b BIGINT",
                    "CASE WHEN a <= b THEN generate_series(a, b) ELSE generate_series(a, b, -1) END"
                ),
                ("a BIGINT, b BIGINT, c BIGINT", "generate_series(a, b, c)"),
                (
                    "a DATE, b DATE, c INTERVAL",
                    "list_transform(generate_series(CAST(a AS TIMESTAMP), CAST(b AS TIMESTAMP), c), lambda x: CAST(x AS DATE))"
                ),
                (
                    "a DATE, b DATE",
                    "list_transform(generate_series(CAST(a AS TIMESTAMP), CAST(b AS TIMESTAMP), INTERVAL 1 DAY), lambda x: CAST(x AS DATE))"
                ),
                ("a TIMESTAMP, b TIMESTAMP, c INTERVAL", "generate_series(a, b, c)"),
            ]),
        "trino_slice(a, i, n) AS CASE WHEN i > 0 THEN list_slice(a, i, i + n - 1) ELSE list_slice(a, len(a) + i + 1, len(a) + i + n) END",
    ]

    private static func overloads(_ forms: [(parameters: String, body: String)]) -> String {
        forms.map { "(\($0.parameters)) AS \($0.body)" }.joined(separator: ", ")
    }
}
