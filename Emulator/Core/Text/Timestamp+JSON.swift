package import JSON
package import Time

extension Timestamp {
    /// Seconds since 1970 with milliseconds, as AWS's JSON protocols write instants.
    package var json: JSON { JSONNumber(epochSeconds).map { .number($0) } ?? .int(seconds) }

    package static func json(_ milliseconds: Int64) -> JSON { Timestamp(milliseconds: milliseconds).json }
}

extension JSON {
    /// An instant in milliseconds since 1970, from seconds or from a text of RFC 3339; nil for anything else.
    package var moment: Int64? {
        if let text = string { return Timestamp(rfc3339: text)?.milliseconds }
        return double.flatMap { Int64(exactly: ($0 * 1000).rounded()) }
    }
}
