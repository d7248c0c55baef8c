internal import Contracts
internal import JSON
internal import PII

/// The proposed type of a field, as a contract names it.
indirect enum ProposedType {
    case single(_ logicalType: String, _ physicalType: String, note: String? = nil)
    /// Values that are not written as computers write them, with the lines that say how.
    case formatted(_ logicalType: String, _ physicalType: String, _ lines: [String], note: String?)
    case object([(name: String, type: ProposedType)])
    case array(ProposedType)
    /// An object or array whose contents differ too much from row to row.
    case json(_ logicalType: String, note: String)
    /// Values of kinds that cannot be in one column.
    case none(reason: String)

    var isText: Bool { if case .single("string", "string", _) = self { true } else { false } }
}

/// Statistics of one field's values over the rows of a sample.
final class FieldProfile {
    /// Objects with more keys than this are maps, not records.
    private static let keyLimit = 60
    private static let depthLimit = 8

    private(set) var texts = TextProfile()
    /// The number of quoted empty CSV fields, which are empty texts and null in any other type.
    private var emptyTexts = 0
    private var (strings, objects, arrays) = (0, 0, 0)
    private var members: [(name: String, profile: FieldProfile)] = []
    private var positions: [String: Int] = [:]
    private var elements: FieldProfile?
    private let isCSV: Bool
    private let name: String?
    /// What the texts are, where that is known from all of them at once.
    var guess: FormatGuess?
    /// The detectors' findings in the first texts; nil inside objects and arrays.
    private(set) var personalData: PersonalDataSample?
    private static let personalDataLimit = 1000

    /// - Parameter name: The column's name, a hint for the detectors; nil inside objects and arrays.
    init(isCSV: Bool, name: String? = nil) {
        self.isCSV = isCSV
        self.name = name
        personalData = name.map { PersonalDataSample(column: $0) }
    }

    /// The number of rows in which the field is not null, given the type ``type(depth:)``.
    var present: Int {
        texts.count + objects + arrays + (type().isText ? emptyTexts : 0) - (guess?.nullCount ?? 0)
    }

    func observe(_ value: JSON) {
        switch value {
        case .null: break
        case .bool(let value): texts.observe(value ? "true" : "false")
        case .number(let number): texts.observe(number.text)
        case .string("") where isCSV: emptyTexts += 1
        case .string(let text):
            strings += 1
            texts.observe(text)
            if strings <= Self.personalDataLimit {
                var bytes = text
                bytes.withUTF8 { personalData?.add($0) }
            }
        case .array(let values):
            arrays += 1
            let elements = elements ?? FieldProfile(isCSV: isCSV)
            self.elements = elements
            for value in values { elements.observe(value) }
        case .object(let object):
            objects += 1
            for member in object.members where members.count <= Self.keyLimit {
                self.member(member.name).observe(member.value)
            }
        }
    }

    private func member(_ name: String) -> FieldProfile {
        if let position = positions[name] { return members[position].profile }
        let profile = FieldProfile(isCSV: isCSV)
        positions[name] = members.count
        members.append((name, profile))
        return profile
    }

    func type(depth: Int = 0) -> ProposedType {
        if let guess { return guess.type }
        switch (texts.count + emptyTexts > 0, objects > 0, arrays > 0) {
        case (_, false, false): return texts.type(allowsNumbers: isCSV || strings == 0, name: name)
        case (false, true, false): return objectType(depth: depth)
        case (false, false, true): return arrayType(depth: depth)
        default: return .none(reason: "objects, arrays and single values are mixed")
        }
    }

    private func objectType(depth: Int) -> ProposedType {
        let names = members.map { $0.name.lowercased() }
        guard members.count <= Self.keyLimit, depth < Self.depthLimit else {
            return .json("object", note: "keys that differ from row to row")
        }
        guard !names.isEmpty, Set(names).count == names.count, members.allSatisfy({ Self.isColumnName($0.name) }) else {
            return .json("object", note: "keys that cannot all be columns")
        }
        let fields = members.map { (name: $0.name, type: $0.profile.type(depth: depth + 1)) }
        guard !fields.contains(where: { if case .none = $0.type { true } else { false } }) else {
            return .json("object", note: "values of several kinds inside")
        }
        return .object(fields)
    }

    private func arrayType(depth: Int) -> ProposedType {
        guard let elements, elements.present > 0, depth < Self.depthLimit else {
            return .json("array", note: "no element in the sample")
        }
        let type = elements.type(depth: depth + 1)
        if case .none = type { return .json("array", note: "elements of several kinds") }
        return .array(type)
    }

    static func isColumnName(_ name: String) -> Bool {
        !name.isEmpty && name.utf8.count <= 255
            && name.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F }
    }
}
