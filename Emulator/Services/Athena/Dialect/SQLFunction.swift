/// A function of Athena's, and what is the same in the engine. One that is not listed is refused: an answer that differs is worse
/// than none.
///
/// Where a name begins with `trino_`, it is a macro of ``EngineMacros``.
enum SQLFunction: Sendable {
    case scalar(String)
    case aggregate(String)
    /// Written by a closure; nil for a number of arguments that it lacks.
    case form(@Sendable ([SQLFragment], Int) -> SQLFragment?)

    static func named(_ name: String) -> SQLFunction? {
        if sameScalars.contains(name) { return .scalar(name) }
        if sameAggregates.contains(name) { return .aggregate(name) }
        return others[name]
    }

    private static let sameScalars: Set<String> = [
        "abs", "acos", "asin", "atan", "atan2", "cbrt", "ceil", "ceiling", "cos", "cosh", "degrees", "exp", "floor",
        "ln",
        "log10", "log2", "pi", "pow", "power", "radians", "sin", "sinh", "sqrt", "tan", "tanh", "round",
        "coalesce", "nullif", "if", "concat_ws", "chr", "length", "lower", "upper", "ltrim",
        "rtrim",
        "replace", "reverse", "starts_with", "strpos", "translate", "year", "month", "quarter", "day", "hour",
        "minute", "second", "week", "map_keys", "map_values", "map", "grouping",
    ]

    private static let windowed: Set<String> = [
        "row_number", "rank", "dense_rank", "percent_rank", "cume_dist", "ntile", "lag", "lead", "first_value",
        "last_value", "nth_value",
    ]

    private static let sameAggregates: Set<String> = windowed.union([
        "count", "sum", "avg", "min", "max", "count_if", "bool_and", "bool_or", "any_value", "array_agg",
        "stddev",
        "stddev_pop", "stddev_samp", "variance", "var_pop", "var_samp", "corr", "covar_pop", "covar_samp", "regr_slope",
        "regr_intercept", "skewness", "histogram",
    ])

    private static let others: [String: SQLFunction] = [
        "mod": .scalar("trino_modulus"), "substr": .scalar("trino_substr"), "arbitrary": .aggregate("any_value"),
        // The engine's own pass over nulls.
        "max_by": .aggregate("arg_max_null"), "min_by": .aggregate("arg_min_null"),
        "greatest": .form { items, offset in Self.nullIfAnyIs("greatest", items, offset) },
        "least": .form { items, offset in Self.nullIfAnyIs("least", items, offset) },
        "every": .aggregate("bool_and"), "approx_distinct": .aggregate("approx_count_distinct"),
        "approx_percentile": .aggregate("approx_quantile"), "geometric_mean": .aggregate("geomean"),
        "bitwise_and_agg": .aggregate("bit_and"), "bitwise_or_agg": .aggregate("bit_or"),
        "rand": .scalar("random"), "truncate": .scalar("trunc"), "split_part": .scalar("split_part"),
        "split": .scalar("string_split"),
        "concat": .form { items, offset in
            items.count < 2 ? nil : "(" + (items.joined(" || ") ?? SQLFragment("", from: offset)) + ")"
        },
        "now": .form { items, offset in
            items.isEmpty ? SQLFragment("date_trunc('millisecond', now())", from: offset) : nil
        },
        "last_day_of_month": .scalar("last_day"), "day_of_month": .scalar("day"), "day_of_week": .scalar("isodow"),
        "dow": .scalar("isodow"),
        "day_of_year": .scalar("dayofyear"), "doy": .scalar("dayofyear"), "week_of_year": .scalar("week"),
        "year_of_week": .scalar("isoyear"), "yow": .scalar("isoyear"), "millisecond": .scalar("trino_millisecond"),
        "date": .form { items, offset in
            items.count == 1 ? SQLFragment("CAST(", from: offset) + items[0] + " AS DATE)" : nil
        },
        "from_unixtime": .scalar("trino_from_unixtime"), "to_unixtime": .scalar("epoch"),
        "from_iso8601_timestamp": .scalar("trino_from_iso8601_timestamp"),
        "from_iso8601_date": .form { items, offset in
            items.count == 1 ? SQLFragment("CAST(", from: offset) + items[0] + " AS DATE)" : nil
        },
        "date_trunc": .scalar("trino_date_trunc"), "date_diff": .scalar("trino_date_diff"),
        "date_add": .scalar("trino_date_add"),
        "date_format": .form { items, offset in
            guard items.count == 2, let format = MySQLFormat.engineLiteral(items[1].text) else { return nil }
            return SQLFragment("strftime(CAST(", from: offset) + items[0] + " AS TIMESTAMP), \(format))"
        },
        "date_parse": .form { items, offset in
            guard items.count == 2, let format = MySQLFormat.engineLiteral(items[1].text) else { return nil }
            return SQLFragment("strptime(", from: offset) + items[0] + ", \(format))"
        }, "json_extract_scalar": .scalar("trino_json_extract_scalar"),
        "json_extract": .scalar("json_extract"), "json_parse": .scalar("trino_json_parse"),
        "json_format": .scalar("trino_json_format"), "json_array_length": .scalar("json_array_length"),
        "regexp_like": .scalar("regexp_matches"), "regexp_extract": .scalar("trino_regexp_extract"),
        "regexp_replace": .scalar("trino_regexp_replace"), "regexp_split": .scalar("regexp_split_to_array"),
        "regexp_extract_all": .scalar("regexp_extract_all"), "element_at": .scalar("trino_element_at"),
        "cardinality": .scalar("trino_cardinality"), "contains": .scalar("list_contains"),
        "array_join": .scalar("trino_array_join"), "array_sort": .scalar("trino_array_sort"),
        "array_max": .scalar("list_max"), "array_min": .scalar("list_min"), "flatten": .scalar("flatten"),
        "array_position": .scalar("trino_array_position"), "sequence": .scalar("trino_sequence"),
        "slice": .scalar("trino_slice"), "transform": .scalar("list_transform"), "filter": .scalar("list_filter"),
        "any_match": .form { items, offset in Self.matches("len(list_filter(", ")) > 0", items, offset) },
        "none_match": .form { items, offset in Self.matches("len(list_filter(", ")) = 0", items, offset) },
        "reduce": .form { items, offset in
            guard items.count == 4 else { return nil }
            let sum = SQLFragment("list_reduce(", from: offset) + items[0] + ", " + items[2] + ", " + items[1] + ")"
            return SQLFragment("list_transform([", from: offset) + sum + "], " + items[3] + ")[1]"
        },
        "map_agg": .form { items, offset in
            guard items.count == 2 else { return nil }
            return SQLFragment("map_from_entries(list(row(", from: offset) + items[0] + ", " + items[1] + ")))"
        },
        "lpad": .scalar("lpad"), "rpad": .scalar("rpad"), "codepoint": .scalar("unicode"),
        "levenshtein_distance": .scalar("levenshtein"), "hamming_distance": .scalar("hamming"),
        "to_hex": .scalar("hex"), "from_hex": .scalar("unhex"), "to_utf8": .scalar("encode"),
        "from_utf8": .scalar("decode"), "to_base64": .scalar("to_base64"), "from_base64": .scalar("from_base64"),
        "md5": .scalar("trino_md5"), "sha256": .scalar("trino_sha256"), "url_encode": .scalar("url_encode"),
        "url_decode": .scalar("url_decode"), "is_nan": .scalar("isnan"), "is_finite": .scalar("isfinite"),
        "is_infinite": .scalar("isinf"),
        "nan": .form { items, offset in
            items.isEmpty ? SQLFragment("CAST('NaN' AS DOUBLE)", from: offset) : nil
        },
        "infinity": .form { items, offset in
            items.isEmpty ? SQLFragment("CAST('Infinity' AS DOUBLE)", from: offset) : nil
        },
        "e": .form { items, offset in items.isEmpty ? SQLFragment("exp(1e0)", from: offset) : nil },
        "try": .form { items, offset in
            items.count == 1 ? SQLFragment("TRY(", from: offset) + items[0] + ")" : nil
        },
        "typeof": .scalar("trino_typeof"),
        "log": .form { items, offset in
            guard items.count == 2 else { return nil }
            return SQLFragment("(ln(", from: offset) + items[1] + ") / ln(" + items[0] + "))"
        },
    ]

    private static func nullIfAnyIs(_ name: String, _ items: [SQLFragment], _ offset: Int) -> SQLFragment? {
        guard !items.isEmpty else { return nil }
        return SQLFragment.once(items, from: offset) { items in
            let none = SQLFragment("", from: offset)
            let missing = items.map { $0 + " IS NULL" }.joined(" OR ") ?? none
            return SQLFragment("(CASE WHEN ", from: offset) + missing + " THEN NULL ELSE \(name)("
                + (items.joined(", ") ?? none) + ") END)"
        }
    }

    private static func matches(
        _ start: String, _ end: String, _ items: [SQLFragment], _ offset: Int
    ) -> SQLFragment? {
        guard items.count == 2 else { return nil }
        return SQLFragment("(\(start)", from: offset) + items[0] + ", " + items[1] + end + ")"
    }

    /// What Athena has and the engine answers otherwise.
    static let refused: [String: String] = [
        "sign": "the type of its result", "format_datetime": "Joda's formats", "parse_datetime": "Joda's formats",
        "array_distinct": "the order of its elements",
        "array_union": "the order of its elements", "array_intersect": "the order of its elements",
        "array_except": "the order of its elements", "format": "Java's formats", "at_timezone": "time zones",
        "with_timezone": "time zones", "xxhash64": "its hash", "checksum": "its hash", "murmur3": "its hash",
    ]
}
