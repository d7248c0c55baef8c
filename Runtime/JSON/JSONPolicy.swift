/// What every JSON text must be, whichever reader reads it: ``JSON``, Columnar's lines, firehose-transform's envelopes.
///
/// The folder's README has all rules with their reasons; this is the part of them that code shares.
/// - SeeAlso: <https://www.rfc-editor.org/rfc/rfc8259>
public enum JSONPolicy {
    /// How many levels of objects and arrays a text may have. The outermost is level 1.
    @inlinable
    public static var depthLimit: Int { 400 }

    /// The character of two escaped UTF-16 code units; nil unless they are a surrogate pair, high half first.
    public static func scalar(_ high: UInt16, _ low: UInt16) -> Unicode.Scalar? {
        guard UTF16.isLeadSurrogate(high), UTF16.isTrailSurrogate(low) else { return nil }
        return Unicode.Scalar(0x10000 + (UInt32(high) - 0xD800) << 10 + UInt32(low) - 0xDC00)
    }

    // MARK: What errors say

    public static var tooDeep: String { "nested deeper than \(depthLimit) levels" }
    public static var halfSurrogatePair: String { "half of a surrogate pair" }
}
