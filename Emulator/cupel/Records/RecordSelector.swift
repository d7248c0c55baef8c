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
    /// How many digits of an id a table shows, and how few are enough to name a record.
    static let shownDigitsOfID = 12
    static let fewestDigitsOfID = 6

    /// The id that `text` names: whole, or by its first digits if they are enough.
    func controlID(_ text: String) throws(CommandFailure) -> ControlID {
        if let id = ControlID(text) { return id }
        guard text.utf8.count >= Self.fewestDigitsOfID, text.allSatisfy({ $0.isHexDigit && !$0.isUppercase }) else {
            throw .usage("\(text) is no control id: 32 hexadecimal digits are due, or the first of them")
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
        guard let id = found.first else { throw .notFound("no control record begins with \(text)") }
        guard found.count == 1 else { throw .usage("several control records begin with \(text); give more digits") }
        return id
    }
}
