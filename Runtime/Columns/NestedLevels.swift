/// Where the values of a column inside structs and lists belong: one entry for each value, null and empty list.
/// - SeeAlso: <https://github.com/apache/parquet-format/blob/master/README.md#nested-encoding>
public struct NestedLevels: Sendable, Hashable {
    /// How many of the optional and repeated fields on the path to the entry are present. The maximum means a value.
    public var definition: [UInt8]
    /// Which of the lists on the path to the entry it continues; 0 begins a row.
    public var repetition: [UInt8]

    public init(definition: [UInt8] = [], repetition: [UInt8] = []) {
        self.definition = definition
        self.repetition = repetition
    }

    /// The number of entries.
    public var count: Int { definition.count }

    public mutating func append(repetition: UInt8, definition: UInt8) {
        self.repetition.append(repetition)
        self.definition.append(definition)
    }

    /// Adds the entries of `other` at the places `range`.
    public mutating func append(_ other: NestedLevels, _ range: Range<Int>) {
        definition += other.definition[range]
        repetition += other.repetition[range]
    }

    /// Removes the entries from `count` on and keeps the memory.
    public mutating func truncate(to count: Int) {
        definition.removeSubrange(count...)
        repetition.removeSubrange(count...)
    }
}
