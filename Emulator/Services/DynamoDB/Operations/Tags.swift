internal import EmulatorCore
internal import JSON

/// Adds tags to a table, or changes their values.
/// - SeeAlso: <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TagResource.html>
struct TagResource: WritingOperation {
    private let arn: String
    private let tags: [String: String]

    init(_ request: WireStructure) throws(DynamoDBFault) {
        var constraints = Constraints()
        arn = try request.resourceARN(&constraints)
        constraints.notNull("tags", isPresent: request.members["Tags"].map { !$0.isNull } ?? false)
        tags = try TagList.read(request, &constraints)
        try constraints.check()
        try TagList.check(tags, of: arn)
        if tags.isEmpty { throw .validation("Atleast one Tag needs to be provided as Input.") }
    }

    func perform(on state: DynamoDBState, in transaction: borrowing Transaction) throws -> JSON {
        let table = try state.taggedTable(arn, in: transaction.snapshot)
        var definition = table.definition
        definition.tags.merge(tags) { $1 }
        try TagList.check(definition.tags, of: arn)
        _ = try state.catalog.save(definition, id: table.id, in: transaction)
        return .object(JSONObject())
    }
}

/// Removes tags from a table.
/// - SeeAlso: <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_UntagResource.html>
struct UntagResource: WritingOperation {
    private let arn: String
    private let keys: [String]

    init(_ request: WireStructure) throws(DynamoDBFault) {
        var constraints = Constraints()
        arn = try request.resourceARN(&constraints)
        let keys = try request.strings("TagKeys")
        constraints.notNull("tagKeys", isPresent: keys != nil)
        try constraints.check()
        self.keys = keys ?? []
        if self.keys.isEmpty { throw .validation("Atleast one Tag Key needs to be provided as Input.") }
    }

    func perform(on state: DynamoDBState, in transaction: borrowing Transaction) throws -> JSON {
        let table = try state.taggedTable(arn, in: transaction.snapshot)
        var definition = table.definition
        for key in keys { definition.tags[key] = nil }
        _ = try state.catalog.save(definition, id: table.id, in: transaction)
        return .object(JSONObject())
    }
}

/// Lists the tags of a table; all fit on one page.
/// - SeeAlso: <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_ListTagsOfResource.html>
struct ListTagsOfResource: ReadingOperation {
    private let arn: String

    init(_ request: WireStructure) throws(DynamoDBFault) {
        var constraints = Constraints()
        arn = try request.resourceARN(&constraints)
        try constraints.check()
    }

    func perform(on state: DynamoDBState, in snapshot: borrowing Snapshot) throws -> JSON {
        let tags = try state.taggedTable(arn, in: snapshot).definition.tags.sorted { $0.key < $1.key }
        return ["Tags": .array(tags.map { ["Key": .string($0.key), "Value": .string($0.value)] })]
    }
}

extension WireStructure {
    fileprivate func resourceARN(_ constraints: inout Constraints) throws(DynamoDBFault) -> String {
        let arn = try string("ResourceArn")
        constraints.notNull("resourceArn", isPresent: arn != nil)
        return arn ?? ""
    }
}

extension DynamoDBState {
    fileprivate func taggedTable(_ arn: String, in snapshot: borrowing Snapshot) throws -> Table {
        guard ARN(arn)?.resource.hasPrefix("table/") == true else {
            throw DynamoDBFault.validation("Invalid TableArn: Invalid ResourceArn provided as input \(arn)")
        }
        guard let table = try catalog.table(named: arn, in: snapshot) else {
            throw DynamoDBFault.resourceNotFound("Requested resource not found: ResourcArn: \(arn) not found")
        }
        return table
    }
}
