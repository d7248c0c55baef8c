internal import AWSModels
internal import Console
internal import Control
internal import JSON

/// Which records of a layer are read, and what of each, in the order of the index: by table and ID.
struct RecordQuery: Sendable, Hashable {
    let layer: Layer
    var table: String?
    /// Records that do not fit it are not sent. They are read all the same.
    var filter: Expression?
    /// The attributes that are sent; nil for all.
    var attributes: [String]?
}

/// Some records of a query, as items of DynamoDB.
struct RecordPage: Sendable {
    let items: [JSON]
    /// Records that the index had, whether they fit the filter or not.
    let examined: Int
    /// The key that the next ones start after; nil at the end of the index.
    let next: JSON?
}

extension PipelineSource {
    /// Reads a page, with one call.
    ///
    /// - Parameter limit: the most records that are examined. DynamoDB stops at a megabyte of them too.
    /// - SeeAlso: <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_Query.html>
    func page(of query: RecordQuery, after key: JSON?, limit: Int) throws(ConsoleFault) -> RecordPage {
        var condition = "#schema_name = :schema_name"
        var names = ["#schema_name": "schema_name"]
        var values: Item = [":schema_name": .string(query.layer.schema.rawValue)]
        if let table = query.table {
            condition += " AND #table_name = :table_name"
            names["#table_name"] = "table_name"
            values[":table_name"] = .string(table)
        }
        var input: JSONObject = [
            "TableName": .string(pipeline.control.name), "IndexName": "dm-gsi-schema-table", "Limit": .int(limit),
            "KeyConditionExpression": .string(condition),
        ]
        if let filter = query.filter {
            input["FilterExpression"] = .string(filter.text)
            names.merge(filter.names) { $1 }
            values.merge(filter.values) { $1 }
        }
        if let attributes = query.attributes {
            input["ProjectionExpression"] = .string(attributes.map { "#" + $0 }.joined(separator: ", "))
            for name in attributes { names["#" + name] = name }
        }
        input["ExpressionAttributeNames"] = .object(JSONObject(names.map { ($0.key, JSON.string($0.value)) }))
        input["ExpressionAttributeValues"] = values.json
        input["ExclusiveStartKey"] = key
        let page = try call("dynamodb", "DynamoDB_20120810", "Query", .object(input))
        let items = page["Items"]?.array ?? []
        return RecordPage(
            items: items, examined: page["ScannedCount"]?.int ?? items.count, next: page["LastEvaluatedKey"])
    }

    /// Calls `body` with one page after the other, until it returns false or the time is over.
    ///
    /// - Parameter budget: how long pages are read; at least one is. Nil for as long as it takes.
    /// - Returns: the key after which the index goes on; nil at its end.
    @discardableResult
    func forEachPage(
        of query: RecordQuery, limit: Int, within budget: Duration?,
        _ body: (RecordPage) throws(ConsoleFault) -> Bool
    ) throws(ConsoleFault) -> JSON? {
        let began = ContinuousClock.now
        var key: JSON?
        func hasTime() -> Bool {
            guard let budget else { return true }
            return ContinuousClock.now - began < budget
        }
        repeat {
            let page = try page(of: query, after: key, limit: limit)
            key = page.next
            guard try body(page) else { break }
        } while key != nil && hasTime()
        return key
    }
}

extension ControlRecord {
    /// The record that an item is.
    init(document item: JSON, in pipeline: Pipeline) throws(ConsoleFault) {
        let attributes: Item
        do throws(ModelError) { attributes = try Item(attributes: item) } catch {
            throw .failed("\(pipeline.control.name) has an item that is none: \(error)")
        }
        do throws(ControlError) { self = try ControlRecord(item: attributes) } catch {
            throw .failed("\(pipeline.failure(error))")
        }
    }
}
