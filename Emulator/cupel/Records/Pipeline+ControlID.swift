internal import Control

extension Pipeline {
    /// The fewest digits of an ID that can name a record.
    static let fewestDigitsOfID = 6

    /// The ID that `text` gives, in full or, for a record in pending, running or error, by its first digits if they are
    /// unique.
    ///
    /// Only the index of open work knows anything about an ID: its first digit. So a short ID reads one partition of it for
    /// each layer, however many records have succeeded; a full ID reads nothing.
    func controlID(_ text: String) throws(CommandFailure) -> ControlID {
        if let id = ControlID(text) { return id }
        guard text.utf8.count >= Self.fewestDigitsOfID, text.allSatisfy({ $0.isHexDigit && !$0.isUppercase }) else {
            throw .usage("\(text) is not a control ID: expected 32 hexadecimal digits, or the first of them")
        }
        var found: [ControlID] = []
        do throws(ControlError) {
            for schema in ControlRecord.Schema.allCases {
                try control.forEachRecord(.openWork(idPrefix: text, in: schema)) { (record) throws(ControlError) in
                    found.append(record.controlID)
                    return found.count < 2
                }
            }
        } catch { throw failure(error) }
        guard let id = found.first else {
            throw .notFound(
                "no record in pending, running or error has an ID that begins with \(text); a record in success needs its "
                    + "full ID, as cupel status --wide prints it")
        }
        guard found.count == 1 else {
            throw .usage("several control records have IDs that begin with \(text); give more digits")
        }
        return id
    }
}
