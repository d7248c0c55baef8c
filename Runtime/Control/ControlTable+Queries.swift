internal import AWSClient
internal import AWSModels
internal import Time

/// Which records to find in one of the table's indexes. An index may be a moment older than the table.
public enum ControlQuery: Sendable, Hashable {
    case status(ControlRecord.Status, in: ControlRecord.Schema)
    /// Records with work left: in pending, running and error. A reader that stops early finds others a moment later: which part
    /// of the index comes first changes with the time.
    case open(in: ControlRecord.Schema)
    case table(String, in: ControlRecord.Schema)
    case schema(ControlRecord.Schema)
    /// All versions of one key, in all layers.
    case objectKey(String)
    /// Running records whose lease has expired.
    case expiredLeases(in: ControlRecord.Schema)
    /// Records with work left whose ID begins with these digits, of which there is at least one.
    case openWork(idPrefix: String, in: ControlRecord.Schema)

    /// Whether a record that the request finds is wanted.
    func fits(_ record: ControlRecord) -> Bool {
        if case .openWork(let digits, _) = self { record.controlID.text.hasPrefix(digits) } else { true }
    }
}

extension ControlTable {
    /// Calls `body` with each record found, page after page, until it returns false.
    public func forEachRecord(
        _ query: ControlQuery, _ body: (ControlRecord) throws(ControlError) -> Bool
    ) throws(ControlError) {
        for var request in requests(for: query) {
            repeat {
                let page: QueryPage
                do throws(AWSError) { page = try dynamoDB.query(request) } catch { throw .aws(error) }
                for item in page.items {
                    let record = try ControlRecord(item: item)
                    guard query.fits(record) else { continue }
                    guard try body(record) else { return }
                }
                request.exclusiveStartKey = page.lastEvaluatedKey
            } while request.exclusiveStartKey != nil
        }
    }

    /// The records found, at most `limit`.
    public func records(_ query: ControlQuery, limit: Int = .max) throws(ControlError) -> [ControlRecord] {
        var records: [ControlRecord] = []
        try forEachRecord(query) { (record) throws(ControlError) in
            records.append(record)
            return records.count < limit
        }
        return records
    }

    func requests(for query: ControlQuery) -> [Query] {
        switch query {
        case .objectKey(let key):
            return [equalities("dm-gsi-object-key", [(.objectKey, key)])]
        case .schema(let schema):
            return [equalities("dm-gsi-schema-table", [(.schemaName, schema.rawValue)])]
        case .status(.success, let schema):
            // Nearly all records are in success: an index by status would leave out few, and slow every write.
            var request = equalities("dm-gsi-schema-table", [(.schemaName, schema.rawValue)])
            let status = ControlAttribute.status.rawValue
            request.filter = Expression(
                "#\(status) = :success", names: ["#\(status)": status], values: [":success": "success"])
            return [request]
        case .status(let status, let schema):
            return openWork(in: schema, [(.status, status.rawValue)])
        case .open(let schema):
            let parts = openWork(in: schema, [])
            let first = Int(now().seconds % Int64(parts.count))
            return Array(parts[first...] + parts[..<first])
        case .openWork(let digits, let schema):
            // A filter by the ID would read as much: the index knows only the first digit of an ID.
            return [equalities("dm-gsi-open-work", [(.openWork, OpenWork.partition(ofPrefix: digits, in: schema))])]
        case .table(let table, let schema):
            return [equalities("dm-gsi-schema-table", [(.schemaName, schema.rawValue), (.tableName, table)])]
        case .expiredLeases(let schema):
            let lease = ControlAttribute.leaseExpiresAt.rawValue
            return requests(for: .status(.running, in: schema)).map {
                var request = $0
                request.filter = Expression("\(lease) < :now", values: [":now": now().attribute])
                return request
            }
        }
    }

    /// One query for each partition of the index.
    private func openWork(
        in schema: ControlRecord.Schema, _ parts: [(ControlAttribute, String)]
    ) -> [Query] {
        OpenWork.partitions(of: schema).map { equalities("dm-gsi-open-work", [(.openWork, $0)] + parts) }
    }

    private func equalities(_ index: String, _ parts: [(ControlAttribute, String)]) -> Query {
        var condition = Expression("")
        condition.text = parts.map { "#\($0.0.rawValue) = :\($0.0.rawValue)" }.joined(separator: " AND ")
        for (attribute, value) in parts {
            condition.names["#\(attribute.rawValue)"] = attribute.rawValue
            condition.values[":\(attribute.rawValue)"] = .string(value)
        }
        return Query(table: name, index: index, keyCondition: condition)
    }
}
