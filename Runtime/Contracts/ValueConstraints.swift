/// What values of a column must satisfy beyond being of its type: `logicalTypeOptions`, and the arguments of
/// `invalidValues`. Nulls satisfy everything.
/// - SeeAlso: <https://bitol-io.github.io/open-data-contract-standard/v3.1.0/schema/>
public struct ValueConstraints: Sendable, Hashable {
    /// The end of a range, as the contract writes it.
    public struct Bound: Sendable, Hashable {
        public let text: String
        /// Whether the bound itself is out of the range.
        public let isExclusive: Bool

        public init(_ text: String, isExclusive: Bool = false) {
            self.text = text
            self.isExclusive = isExclusive
        }
    }

    /// Numbers, dates and timestamps.
    public var minimum: Bound?
    public var maximum: Bound?
    /// Integers.
    public var multipleOf: Int?
    /// Text, in Unicode scalars.
    public var minLength: Int?
    public var maxLength: Int?
    /// Text: a regular expression that must be found in it.
    public var pattern: String?
    /// If not nil, the only values there may be, as the contract writes them.
    public var validValues: [String]?

    public init() {}

    public var isEmpty: Bool { self == ValueConstraints() }
}
