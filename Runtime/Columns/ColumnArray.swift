/// The values of one column for some rows, and which rows they belong to.
///
/// A column of the table itself has presence bits; a column inside structs and lists has levels instead.
public struct ColumnArray: Sendable, Hashable {
    /// The values that are not null, in row order.
    public var values: ColumnValues
    /// One bit a row, least significant first, 1 = present; nil when every row has a value.
    public var presence: [UInt64]?
    /// Only for a column inside structs and lists.
    public var levels: NestedLevels?

    public init(_ values: ColumnValues, presence: [UInt64]? = nil) {
        self.values = values
        self.presence = presence
    }

    public init(_ values: ColumnValues, levels: NestedLevels) {
        self.values = values
        self.levels = levels
    }

    /// Removes all rows and keeps the memory.
    public mutating func removeAll() {
        values.removeAll()
        presence = nil
        levels?.truncate(to: 0)
    }

    // MARK: Adding rows

    /// Adds the levels of one entry of a column inside structs and lists.
    public mutating func appendEntry(repetition: UInt8, definition: UInt8) {
        levels?.append(repetition: repetition, definition: definition)
    }

    /// Adds `rows` nulls after the `before` rows that the array has.
    public mutating func appendNulls(_ rows: Int, after before: Int) {
        guard levels == nil else {
            for _ in 0..<rows { appendEntry(repetition: 0, definition: 0) }
            return
        }
        let none = [UInt64](repeating: 0, count: (rows + 63) / 64)
        appendPresence(none, rows: rows, present: 0, after: before)
    }

    /// Adds the presence bits of `rows` rows after the `before` rows that the array has.
    /// - Parameter present: how many of the bits are set.
    public mutating func appendPresence(_ bits: UnsafePointer<UInt64>, rows: Int, present: Int, after before: Int) {
        if present == rows, presence == nil { return }
        var grown = Presence(words: presence, rowCount: before)
        // With a second owner, the array would be copied when it grows.
        presence = nil
        grown.append(bits, rows: rows)
        presence = grown.words
    }

    // MARK: Taking rows back

    /// The length of an array at one moment.
    public struct Mark: Sendable {
        public let valueCount: Int
        fileprivate let rowCount: Int
        fileprivate let entryCount: Int
        fileprivate let hasPresence: Bool
    }

    /// - Parameter rows: how many rows the array has.
    public func mark(rows: Int) -> Mark {
        Mark(
            valueCount: values.count, rowCount: rows, entryCount: levels?.count ?? 0, hasPresence: presence != nil)
    }

    /// Removes what was added after `mark` and keeps the memory.
    public mutating func truncate(to mark: Mark) {
        values.truncate(to: mark.valueCount)
        levels?.truncate(to: mark.entryCount)
        guard mark.hasPresence else {
            presence = nil
            return
        }
        var shortened = Presence(words: presence, rowCount: mark.rowCount)
        presence = nil
        shortened.truncate(to: mark.rowCount)
        presence = shortened.words
    }
}
