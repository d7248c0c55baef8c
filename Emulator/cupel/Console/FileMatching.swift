internal import AWSModels
internal import Console
internal import Control
internal import Time

/// A filter with the query that finds its records, and perhaps others.
struct FileMatching {
    let filter: FileFilter
    let layer: Layer
    let query: ControlQuery
    /// What finds the same and nothing else; nil for records with work left, which have an index of their own.
    let records: RecordQuery?
    private let status: ControlRecord.Status?
    private let since: Timestamp?

    init(_ filter: FileFilter) throws(ConsoleFault) {
        self.filter = filter
        let layer = Layer(rawValue: filter.layer) ?? .bronze
        self.layer = layer
        status = filter.status.flatMap(ControlRecord.Status.init)
        if let text = filter.since {
            guard let found = Since(argument: text) else {
                throw .badRequest("since: expected 2026-03-01T09:30:00Z, or 90s, 15m, 2h, 3d, not \(text)")
            }
            since = found.timestamp
        } else {
            since = nil
        }
        if let day = filter.day, Timestamp(rfc3339: "\(day)T00:00:00Z") == nil {
            throw .badRequest("day: expected a day such as 2026-11-30, not \(day)")
        }
        if let status, status != .success {
            query = .status(status, in: layer.schema)
            records = nil
        } else {
            query = filter.table.map { .table($0, in: layer.schema) } ?? .schema(layer.schema)
            records = RecordQuery(
                layer: layer, table: filter.table,
                filter: Self.expression(status: status, since: since, day: filter.day, text: filter.text))
        }
    }

    /// Whether records must be looked at that no index tells apart.
    var isSearch: Bool { filter.since != nil || filter.day != nil || filter.text != nil }

    func fits(_ record: ControlRecord) -> Bool {
        if let status, record.status != status { return false }
        if let table = filter.table, record.table != table { return false }
        if let since, record.updatedAt < since { return false }
        if let day = filter.day, !record.createdAt.rfc3339.hasPrefix(day) { return false }
        guard let text = filter.text else { return true }
        let spellings = Self.spellings(of: text)
        return [record.controlID.text, record.objectKey, record.errorType ?? "", record.errorMessage ?? ""]
            .contains { place in spellings.contains { place.contains($0) } }
    }

    /// The same for the service, so that a search sends what it finds and nothing else.
    /// - SeeAlso: <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.OperatorsAndFunctions.html>
    private static func expression(
        status: ControlRecord.Status?, since: Timestamp?, day: String?, text: String?
    ) -> Expression? {
        var terms: [String] = []
        var names: [String: String] = [:]
        var values: Item = [:]
        func name(_ attribute: String) -> String {
            names["#" + attribute] = attribute
            return "#" + attribute
        }
        func value(_ name: String, _ text: String) -> String {
            values[":" + name] = .string(text)
            return ":" + name
        }
        if let status { terms.append("\(name("status")) = \(value("status", status.rawValue))") }
        if let since { terms.append("\(value("since", since.rfc3339)) <= \(name("updated_at"))") }
        if let day { terms.append("begins_with(\(name("created_at")), \(value("day", day)))") }
        if let text {
            let parts = spellings(of: text).enumerated().flatMap { place, spelling in
                ["control_id", "object_key", "error_type", "error_message"].map { attribute in
                    "contains(\(name(attribute)), \(value("text\(place)", spelling)))"
                }
            }
            terms.append("(\(parts.joined(separator: " OR ")))")
        }
        return terms.isEmpty ? nil : Expression(terms.joined(separator: " AND "), names: names, values: values)
    }

    /// How a word may be written where it is: DynamoDB does not compare without case.
    private static func spellings(of text: String) -> [String] {
        var spellings = [text]
        for other in [text.lowercased(), text.uppercased(), text.prefix(1).uppercased() + text.dropFirst()]
        where !spellings.contains(other) { spellings.append(other) }
        return spellings
    }
}
