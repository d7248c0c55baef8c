public import ArgumentParser
public import Control

extension ControlRecord.Status: ExpressibleByArgument {}

/// A layer of the lake, as the command line names it.
enum Layer: String, CaseIterable, ExpressibleByArgument {
    case bronze, silver, gold

    var schema: ControlRecord.Schema {
        switch self {
        case .bronze: .bronze
        case .silver: .silver
        case .gold: .gold
        }
    }
}

extension Pipeline {
    /// The digits of an ID that a table shows, and the fewest that can name a record.
    static let shownDigitsOfID = 12
    static let fewestDigitsOfID = 6

    /// The ID that `text` gives, in full or by its first digits if they are unique.
    func controlID(_ text: String) throws(CommandFailure) -> ControlID {
        if let id = ControlID(text) { return id }
        guard text.utf8.count >= Self.fewestDigitsOfID, text.allSatisfy({ $0.isHexDigit && !$0.isUppercase }) else {
            throw .usage("\(text) is not a control ID: expected 32 hexadecimal digits, or the first of them")
        }
        var found: [ControlID] = []
        do throws(ControlError) {
            for schema in ControlRecord.Schema.allCases {
                try control.forEachRecord(.schema(schema)) { (record) throws(ControlError) in
                    if record.controlID.text.hasPrefix(text) { found.append(record.controlID) }
                    return found.count < 2
                }
            }
        } catch { throw failure(error) }
        guard let id = found.first else { throw .notFound("no control record has an ID that begins with \(text)") }
        guard found.count == 1 else {
            throw .usage("several control records have IDs that begin with \(text); give more digits")
        }
        return id
    }
}
