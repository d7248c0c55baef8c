/// A row that broke the contract: its place, the reason and its text, for the quarantine file.
public struct RejectedRow: Sendable, Hashable {
    /// The reason, in one word that never changes between versions.
    public enum Reason: String, Sendable, Hashable, CaseIterable {
        case tooFewFields = "too_few_fields"
        case tooManyFields = "too_many_fields"
        case misplacedQuote = "misplaced_quote"
        case misplacedEscape = "misplaced_escape"
        case misplacedReturn = "misplaced_return"
        case lineTooLong = "line_too_long"
        case invalidUTF8 = "invalid_utf8"
        case notJSON = "not_json"
        case notAnObject = "not_an_object"
        case nestedValue = "nested_value"
        case missingValue = "missing_value"
        case notAnInteger = "not_an_integer"
        case notANumber = "not_a_number"
        case notABoolean = "not_a_boolean"
        case notADate = "not_a_date"
        case notATimestamp = "not_a_timestamp"
        case notATime = "not_a_time"
        case notAUUID = "not_a_uuid"
        case notAnArray = "not_an_array"
        case notADecimal = "not_a_decimal"
        case outOfRange = "out_of_range"
        case unknownOperation = "unknown_operation"
        case belowMinimum = "below_minimum"
        case aboveMaximum = "above_maximum"
        case notAMultiple = "not_a_multiple"
        case tooShort = "too_short"
        case tooLong = "too_long"
        case patternMismatch = "pattern_mismatch"
        case invalidValue = "invalid_value"
    }

    /// The line on which the row begins, from 1; a header is line 1.
    public let line: Int
    /// The offset of the row's first byte in the decompressed text.
    public let byteOffset: Int
    /// The column that is at fault; nil where the row as a whole is.
    public let column: String?
    public let reason: Reason
    public let message: String
    /// The row's text, cut at ``rawTextLimit`` bytes and at the longest row that is read; nil where the contract masks a column,
    /// since the text would show it.
    public let rawText: [UInt8]?
    /// The row's length, cut or not.
    public let rawLength: Int

    /// Bytes of a rejected row that are kept.
    public static let rawTextLimit = 64 << 10
}
