package import JSON
package import Time

extension Timestamp {
    /// Seconds since 1970 with milliseconds, as AWS's JSON protocols write instants.
    package var json: JSON { JSONNumber(epochSeconds).map { .number($0) } ?? .int(seconds) }

    package static func json(_ milliseconds: Int64) -> JSON { Timestamp(milliseconds: milliseconds).json }
}
