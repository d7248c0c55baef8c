internal import Columnar
internal import Columns
internal import Contracts
internal import Control
internal import JSON

/// Counts the rows with fields that the contract does not know, and notes the names and kinds of such fields in some.
///
/// It samples rows at even distances, many of the first batch and some of each later one, so the result depends on the
/// text alone.
struct RescuedFields {
    private static let firstSample = 1000
    private static let laterSample = 100
    /// More fields are not noted: then keys are values.
    private static let fieldLimit = 50

    private(set) var rowCount = 0
    private let column: Int
    private let hidesValues: Bool
    /// The fields that are in the contract. Earlier values of these are rescued too, where a key repeats.
    private let known: Set<String>
    private var sampledCount = 0
    private var isFirst = true
    private var found: [String: (kind: UnknownField.Kind, count: Int)] = [:]

    init(_ contract: Contract) {
        let columns = contract.bronzeColumns
        column = columns.firstIndex { $0.name == BronzeColumn.rescuedData } ?? columns.count - 1
        hidesValues = columns.contains(where: \.isHidden)
        known = Set(columns.flatMap { [$0.path.joined(separator: ".")] + $0.places.map(\.path) })
    }

    mutating func count(_ batch: borrowing RecordBatch) {
        guard case .byteArray(let texts) = batch.columns[column].leaves[0].values, texts.count > 0 else { return }
        rowCount += texts.count
        let count = min(texts.count, isFirst ? Self.firstSample : Self.laterSample)
        isFirst = false
        sampledCount += count
        for number in 0..<count {
            let text = Array(texts[number * texts.count / count])
            guard let object = (try? JSON(parsing: text))?.object else { continue }
            // An element of a list counts once a row.
            var row: [String: UnknownField.Kind] = [:]
            for (name, value) in object {
                let path = Self.withoutNumbers(name)
                guard !known.contains(path), let kind = hidesValues ? .hidden : Self.kind(of: value) else { continue }
                row[path] = Self.merged(row[path], kind)
            }
            for (path, kind) in row where found[path] != nil || found.count < Self.fieldLimit {
                found[path] = (Self.merged(found[path]?.kind, kind), (found[path]?.count ?? 0) + 1)
            }
        }
    }

    /// The fields, the most frequent first.
    var fields: [UnknownField] {
        found.sorted { ($1.value.count, $0.key) < ($0.value.count, $1.key) }.map { path, field in
            UnknownField(path: path, kind: field.kind, matchedCount: field.count, sampledCount: sampledCount)
        }
    }

    /// `lines[].color` of `lines[2].color`.
    private static func withoutNumbers(_ path: String) -> String {
        guard path.utf8.contains(UInt8(ascii: "[")) else { return path }
        let parts = path.split(separator: "[", omittingEmptySubsequences: false)
        return parts.dropFirst().reduce(String(parts[0])) { text, part in
            let rest = part.drop { $0.isNumber }
            return "\(text)[\(rest.first == "]" ? rest : part)"
        }
    }

    private static func merged(_ kind: UnknownField.Kind?, _ other: UnknownField.Kind) -> UnknownField.Kind {
        switch (kind, other) {
        case (nil, _): other
        case (.integer, .number), (.number, .integer): .number
        default: kind == other ? other : .mixed
        }
    }

    /// Nil for a null, which says nothing about a kind.
    private static func kind(of value: JSON) -> UnknownField.Kind? {
        switch value {
        case .null: nil
        case .bool: .boolean
        case .number: value.int == nil ? .number : .integer
        case .string: .string
        case .array: .array
        case .object: .object
        }
    }
}
