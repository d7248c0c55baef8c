public import Contracts

/// A place in a table of which a new version of the contract shows more than the old one.
public struct WeakerMasking: Sendable, Hashable {
    public let table: String
    /// The column, or the path to a field inside it, such as `address.city`; nil for the whole table.
    public let place: String?
    public let reason: String

    /// Compares the masking and the classification of two versions of a contract.
    ///
    /// `redact` hides more than `hash`, which keeps equal values equal, and `hash` more than `mask`, which keeps two
    /// characters. A place that is no longer declared counts, because its raw values go to `_rescued_data`.
    public static func places(from old: Contract, to new: Contract) -> [WeakerMasking] {
        let after = Dictionary(Place.all(in: new).map { ($0.path, $0) }, uniquingKeysWith: { first, _ in first })
        var found = Place.all(in: old).compactMap { place in
            reason(place, after[place.path], isCovered: isCovered(place.path, by: after)).map {
                WeakerMasking(table: old.table, place: place.path, reason: $0)
            }
        }
        let (was, becomes) = (old.personalData?.masking, new.personalData?.masking)
        if strength(becomes) < strength(was) {
            found.append(
                WeakerMasking(
                    table: old.table, place: nil,
                    reason: "the masking of personal data that is found, \(name(was)), becomes \(name(becomes))"))
        }
        return found
    }

    private static func reason(_ old: Place, _ new: Place?, isCovered: Bool) -> String? {
        guard let new else {
            guard old.masking != nil || old.classification != nil, !isCovered else { return nil }
            let kind = old.masking.map { "masked by \($0.rawValue)" } ?? "classified"
            return "it was \(kind) and is not declared any more, so its raw values go to _rescued_data"
        }
        if strength(new.masking) < strength(old.masking) {
            return "the masking \(name(old.masking)) becomes \(name(new.masking))"
        }
        guard let classification = old.classification, new.classification == nil, new.masking == nil else { return nil }
        return "the classification \(classification) is removed"
    }

    /// Whether a value around `path` is masked as a whole, as JSON text is.
    private static func isCovered(_ path: String, by places: [String: Place]) -> Bool {
        var rest = path[...]
        while let end = rest.lastIndex(where: { $0 == "." || $0 == "[" }) {
            rest = rest[..<end]
            if places[String(rest)]?.masking != nil { return true }
        }
        return false
    }

    private static func strength(_ masking: Contract.Masking?) -> Int {
        switch masking {
        case nil: 0
        case .mask: 1
        case .hash: 2
        case .redact: 3
        }
    }

    private static func name(_ masking: Contract.Masking?) -> String { masking?.rawValue ?? "none" }
}

/// A column, or a field inside one.
private struct Place {
    let path: String
    let masking: Contract.Masking?
    /// Its own classification, or that of a field around it, unless it is `public`.
    let classification: String?

    static func all(in contract: Contract) -> [Place] {
        contract.bronzeColumns.flatMap { all(in: $0, at: $0.name, around: nil) }
    }

    private static func all(in column: BronzeColumn, at path: String, around: String?) -> [Place] {
        let classification = column.isClassified ? column.classification : around
        let place = Place(path: path, masking: column.masking, classification: classification)
        switch column.type {
        case .structure(let fields):
            return [place] + fields.flatMap { all(in: $0, at: "\(path).\($0.name)", around: classification) }
        case .list(let element): return [place] + all(in: element, at: "\(path)[]", around: classification)
        default: return [place]
        }
    }
}

extension WeakerMasking: CustomStringConvertible {
    public var description: String { "\(place.map { "\(table), \($0)" } ?? table): \(reason)" }
}
