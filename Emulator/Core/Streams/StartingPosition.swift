package import JSON

/// Where a new reader of a stream begins.
package enum StartingPosition: Sendable, Hashable {
    case trimHorizon
    case latest
    /// Milliseconds since 1970.
    case at(Int64)

    /// - Parameters:
    ///   - text: `TRIM_HORIZON`, `LATEST` or `AT_TIMESTAMP`.
    ///   - timestamp: for the latter, in seconds since 1970 or as a text of RFC 3339.
    package init?(_ text: String?, timestamp: JSON?) {
        switch text {
        case "TRIM_HORIZON": self = .trimHorizon
        case "LATEST": self = .latest
        case "AT_TIMESTAMP":
            guard let moment = timestamp?.moment else { return nil }
            self = .at(moment)
        default: return nil
        }
    }

    /// The time before which records are passed over.
    package var earliest: Int64? { if case .at(let moment) = self { moment } else { nil } }
}
