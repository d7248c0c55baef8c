/// The constraints on values beyond their type: `logicalTypeOptions` and the arguments of `invalidValues`. Nulls
/// satisfy all of them.
/// - SeeAlso: <https://bitol-io.github.io/open-data-contract-standard/v3.1.0/schema/>
public struct ValueConstraints: Sendable, Hashable {
    /// One bound of a range, as in the contract.
    public struct Bound: Sendable, Hashable {
        public let text: String
        /// Whether the range excludes the bound.
        public let isExclusive: Bool

        public init(_ text: String, isExclusive: Bool = false) {
            self.text = text
            self.isExclusive = isExclusive
        }
    }

    /// For numbers, dates, times and timestamps.
    public var minimum: Bound?
    public var maximum: Bound?
    /// For integers.
    public var multipleOf: Int?
    /// For text, in Unicode scalars.
    public var minLength: Int?
    public var maxLength: Int?
    /// For text: a regular expression that must match somewhere in it.
    public var pattern: String?
    /// The only valid values, as in the contract; nil if all are valid.
    public var validValues: [String]?

    public init() {}

    public var isEmpty: Bool { self == ValueConstraints() }
}
