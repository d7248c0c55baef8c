internal import AWSClient
internal import AWSModels
internal import JSON

/// Items by `control_id`.
struct FakeTable {
    var items: [String: Item] = [:]

    mutating func put(_ item: Item) { items[item["control_id"]?.string ?? ""] = item }
}

enum FakeDynamoDB {
    enum Fault: Error {
        /// With the stored item, if the request asks for it.
        case condition(Item?)
        case canceled([Bool])
        case invalid(String)
    }

    static func perform(_ action: String, _ body: [UInt8], _ tables: inout [String: FakeTable]) -> HTTPResponse {
        do {
            let input = try JSON(parsing: body)
            return HTTPResponse(status: 200, body: try answer(action, input, &tables).bytes)
        } catch Fault.condition(let stored) {
            return fault("ConditionalCheckFailedException", stored.map { ["Item": $0.json] } ?? [:])
        } catch Fault.canceled(let failed) {
            let reasons = failed.map { (failed) -> JSON in ["Code": failed ? "ConditionalCheckFailed" : "None"] }
            return fault("TransactionCanceledException", ["CancellationReasons": .array(reasons)])
        } catch {
            return fault("ValidationException", ["message": .string("\(error)")])
        }
    }

    static func fault(_ code: String, _ members: JSONObject, status: Int = 400) -> HTTPResponse {
        var body = members
        body["__type"] = .string("com.amazonaws.dynamodb.v20120810#\(code)")
        return HTTPResponse(status: status, body: JSON.object(body).bytes)
    }

    private static func answer(
        _ action: String, _ input: JSON, _ tables: inout [String: FakeTable]
    ) throws -> JSON {
        switch action {
        case "GetItem":
            let id = input["Key"]?["control_id"]?["S"]?.string ?? ""
            return (tables[input["TableName"]?.string ?? ""]?.items[id]).map { ["Item": $0.json] } ?? [:]
        case "BatchGetItem":
            let responses = (input["RequestItems"]?.object ?? [:]).map { table, request -> (String, JSON) in
                let ids = request["Keys"]?.array?.compactMap { $0["control_id"]?["S"]?.string } ?? []
                return (table, .array(ids.compactMap { tables[table]?.items[$0]?.json }))
            }
            return ["Responses": .object(JSONObject(responses)), "UnprocessedKeys": [:]]
        case "PutItem", "UpdateItem":
            let (old, new) = try write(action, input, &tables)
            return switch input["ReturnValues"]?.string {
            case "ALL_NEW": ["Attributes": new.json]
            case "ALL_OLD": old.map { ["Attributes": $0.json] } ?? [:]
            default: [:]
            }
        case "TransactWriteItems":
            return try transact(input, &tables)
        case "Query":
            return try query(input, tables)
        default:
            throw Fault.invalid(action)
        }
    }

    private static func transact(_ input: JSON, _ tables: inout [String: FakeTable]) throws -> JSON {
        var changed = tables
        var failed: [Bool] = []
        for write in input["TransactItems"]?.array ?? [] {
            do {
                for (kind, request) in write.object ?? [:] { _ = try self.write("\(kind)Item", request, &changed) }
                failed.append(false)
            } catch Fault.condition(_) {
                failed.append(true)
            }
        }
        guard !failed.contains(true) else { throw Fault.canceled(failed) }
        tables = changed
        return [:]
    }

    /// The item as it was, and as it is.
    private static func write(
        _ action: String, _ input: JSON, _ tables: inout [String: FakeTable]
    ) throws -> (old: Item?, new: Item) {
        let table = input["TableName"]?.string ?? ""
        let key = try Item(attributes: input[action == "PutItem" ? "Item" : "Key"] ?? .null)
        let stored = tables[table]?.items[key["control_id"]?.string ?? ""]
        var evaluator = try FakeExpression(input, "ConditionExpression", item: stored ?? [:])
        if let evaluator, try !evaluator.holds() {
            throw Fault.condition(input["ReturnValuesOnConditionCheckFailure"] == "ALL_OLD" ? stored : nil)
        }
        evaluator = try FakeExpression(input, "UpdateExpression", item: stored ?? [:])
        let item = try evaluator?.updated().merging(key) { $1 } ?? key
        tables[table, default: FakeTable()].put(item)
        return (stored, item)
    }

    /// Answers in pages of two, so that paging is always exercised.
    private static func query(_ input: JSON, _ tables: [String: FakeTable]) throws -> JSON {
        let stored = (tables[input["TableName"]?.string ?? ""]?.items ?? [:]).sorted { $0.key < $1.key }
        let start = input["ExclusiveStartKey"]?["control_id"]?["S"]?.string
        var page: [JSON] = []
        var read = 0
        for (id, item) in stored where start.map({ id > $0 }) ?? true {
            guard try FakeExpression(input, "KeyConditionExpression", item: item)?.holds() ?? true else { continue }
            read += 1
            if try FakeExpression(input, "FilterExpression", item: item)?.holds() ?? true { page.append(item.json) }
            if read == 2 {
                let next: JSON = ["control_id": ["S": .string(id)]]
                return ["Items": .array(page), "ScannedCount": 2, "LastEvaluatedKey": next]
            }
        }
        return ["Items": .array(page), "ScannedCount": .int(read)]
    }
}
