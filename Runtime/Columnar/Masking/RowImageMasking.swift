internal import Contracts
internal import JSON

/// What a row that one column holds as a JSON object shows of the values that a contract hides: the row's old key, or the row
/// before a change.
///
/// Each member is treated as its own column: a masked value is masked alike, so equal keys stay equal, and a value that
/// stays readable there stays so here. A member that the contract does not know is redacted.
struct RowImageMasking {
    private enum Treatment {
        case shown, masked(Contract.Masking), redacted
    }

    /// By the name of the row's member.
    private var treatments: [String: Treatment] = [:]

    init(_ columns: [BronzeColumn]) {
        for column in columns {
            guard let member = column.path.first else { continue }
            if column.path.count == 1, let masking = column.masking {
                treatments[member] = .masked(masking)
            } else if !column.maskedPlaces.isEmpty {
                // One masked value inside hides the whole member.
                treatments[member] = .redacted
            } else if treatments[member] == nil {
                treatments[member] = .shown
            }
        }
    }

    /// - Parameters:
    ///   - text: A JSON object.
    ///   - mask: Masks a single value.
    func masked(_ text: ArraySlice<UInt8>, by mask: ([UInt8], Contract.Masking) -> [UInt8]) -> [UInt8] {
        let redacted = JSON.string(Masker.redacted)
        guard let row = try? JSON(parsing: Array(text)).object else { return Array("{}".utf8) }
        var shown = JSONObject()
        for (name, value) in row {
            switch treatments[name] ?? .redacted {
            case .shown:
                shown[name] = value
            case .masked(let masking):
                shown[name] =
                    value == .null
                    ? .null
                    : value.singleText.map { .string(String(decoding: mask($0, masking), as: UTF8.self)) } ?? redacted
            case .redacted:
                shown[UnknownMembers.isName(name.utf8) ? name : Masker.redacted] = value == .null ? .null : redacted
            }
        }
        return JSON.object(shown).bytes
    }
}

extension JSON {
    /// The text that a column of text has of this value; nil for what is no single value.
    fileprivate var singleText: [UInt8]? {
        switch self {
        case .string(let text): Array(text.utf8)
        case .number, .bool: bytes
        case .null, .array, .object: nil
        }
    }
}
