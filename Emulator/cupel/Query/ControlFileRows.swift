internal import Control
internal import JSON

/// Rows of `control.files`: only those that a query's conditions leave, as far as the control table's keys know them.
struct ControlFileRows {
    /// What is read of the control table, in order of cost: records by ID, open work, a table's records, all.
    enum Reading: Hashable {
        case records([ControlID])
        case queries([ControlQuery])
    }

    let reading: Reading

    init(_ conditions: QueryConditions) {
        let values = conditions.values
        if let ids = values["control_id"] {
            // What is no ID is the ID of no record.
            reading = .records(ids.sorted().compactMap { ControlID($0) })
            return
        }
        if let keys = values["object_key"] {
            reading = .queries(keys.sorted().map { .objectKey($0) })
            return
        }
        let layers = Layer.allCases.filter { values["layer"]?.contains($0.rawValue) ?? true }.map(\.schema)
        if let names = values["status"], !names.contains(ControlRecord.Status.success.rawValue) {
            let statuses = ControlRecord.Status.allCases.filter { names.contains($0.rawValue) }
            reading = .queries(layers.flatMap { layer in statuses.map { .status($0, in: layer) } })
        } else if let tables = values["table_name"] {
            reading = .queries(layers.flatMap { layer in tables.sorted().map { .table($0, in: layer) } })
        } else {
            reading = .queries(layers.map { .schema($0) })
        }
    }

    /// - Parameter body: is given each row; it says whether to go on.
    func forEach(in control: ControlTable, _ body: ([String?]) throws -> Bool) throws {
        var failure: (any Error)?
        // The table's own calls throw only their own errors.
        func take(_ record: ControlRecord) -> Bool {
            do { return try body(Self.row(of: record)) } catch {
                failure = error
                return false
            }
        }
        switch reading {
        case .records(let ids):
            for id in ids { if let record = try control.record(id), !take(record) { break } }
        case .queries(let queries):
            for query in queries where failure == nil {
                var goesOn = true
                try control.forEachRecord(query) { (record) throws(ControlError) in
                    goesOn = take(record)
                    return goesOn
                }
                if !goesOn { break }
            }
        }
        if let failure { throw failure }
    }

    private static func row(of record: ControlRecord) -> [String?] {
        let document = record.document
        return OperationTable.controlFiles.columns.map { column in
            if column.name == "layer" { return Layer.allCases.first { $0.schema == record.schema }?.rawValue }
            guard let value = document[column.name], !value.isNull else { return nil }
            let text = value.string ?? value.text
            return column.type == "timestamp" ? text.asTimestamp : text
        }
    }
}

extension String {
    /// `2026-11-30T12:00:00.000Z` as SQL writes it, without the zone, which is UTC.
    fileprivate var asTimestamp: String? {
        guard let mark = firstIndex(of: "T"), last == "Z" else { return nil }
        return "\(self[..<mark]) \(self[index(after: mark)...].dropLast())"
    }
}
