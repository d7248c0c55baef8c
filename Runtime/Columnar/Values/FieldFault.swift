/// Why the text of one field is not a value of its column's type.
struct FieldFault: Error {
    let reason: RejectedRow.Reason
    /// The rest of the sentence after the value: `is not an integer`.
    let complaint: String

    init(_ reason: RejectedRow.Reason, _ complaint: String) {
        self.reason = reason
        self.complaint = complaint
    }
}

/// The bytes of one field, without what the format wraps around them.
typealias FieldText = UnsafeBufferPointer<UInt8>

extension FieldText {
    /// The text in quotes for a message, cut where it is long.
    var shown: String {
        let head = String(decoding: self.prefix(60), as: UTF8.self)
        return count > 60 ? "'\(head)…'" : "'\(head)'"
    }
}
