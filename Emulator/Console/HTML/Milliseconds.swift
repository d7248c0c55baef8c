internal import Time

/// A time of the API as a number, to place it.
enum Milliseconds {
    /// Since 1970; nil if the text is no time.
    static func of(_ text: String?) -> Int? {
        text.flatMap { Timestamp(rfc3339: $0) }.map { Int($0.milliseconds) }
    }
}
