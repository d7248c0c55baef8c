package import EmulatorCore
internal import JSON

extension DynamoDB: ResourceProviding {
    package var resourceTypes: [String] { ["AWS::DynamoDB::Table"] }

    /// Creates the table, or updates the stream, indexes, protection, time to live and recovery of an existing table.
    /// Its key and its items stay.
    /// - SeeAlso: <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-dynamodb-table.html>
    package func provision(_ resource: DeclaredResource) async throws(AWSFault) -> ProvisionedResource {
        let declared = TableDeclaration(resource)
        if try await describe(declared.name) == nil {
            _ = try await perform("CreateTable", declared.creation)
        }
        try await adjust(declared)
        let table = try await describe(declared.name) ?? [:]
        var attributes = ["Arn": table["TableArn"]?.string ?? ""]
        if table["StreamSpecification"] != nil { attributes["StreamArn"] = table["LatestStreamArn"]?.string }
        return ProvisionedResource(ref: declared.name, attributes: attributes)
    }

    package func remove(_ type: String, _ ref: String) async throws(AWSFault) {
        guard try await describe(ref) != nil else { return }
        _ = try await perform("DeleteTable", ["TableName": .string(ref)])
    }

    private func describe(_ name: String) async throws(AWSFault) -> JSON? {
        do {
            return try await perform("DescribeTable", ["TableName": .string(name)])["Table"]
        } catch {
            guard error.code == "ResourceNotFoundException" else { throw error }
            return nil
        }
    }

    private func adjust(_ declared: TableDeclaration) async throws(AWSFault) {
        guard let table = try await describe(declared.name) else { return }
        for change in declared.changes(to: table) { _ = try await perform("UpdateTable", change) }
        for (action, input) in declared.settings {
            do {
                _ = try await perform(action, input)
            } catch {
                // DynamoDB refuses a time to live that is already as declared; any other error is real.
                guard error.message.contains("TimeToLive is already") else { throw error }
            }
        }
    }
}

/// `AWS::DynamoDB::Table` as a template declares it.
struct TableDeclaration: Sendable {
    let name: String
    private let properties: JSONObject

    init(_ resource: DeclaredResource) {
        properties = resource.properties.object ?? JSONObject()
        name = properties["TableName"]?.string ?? resource.logicalID
    }

    /// The input of CreateTable: a template has the same names, except for the stream.
    var creation: JSON {
        var request = JSONObject()
        for member in [
            "AttributeDefinitions", "KeySchema", "LocalSecondaryIndexes", "GlobalSecondaryIndexes", "BillingMode",
            "ProvisionedThroughput", "DeletionProtectionEnabled", "TableClass", "Tags", "OnDemandThroughput",
        ] {
            request[member] = properties[member]?.withoutTextualScalars
        }
        request["TableName"] = .string(name)
        request["StreamSpecification"] = stream
        return .object(request)
    }

    private var stream: JSON? {
        guard let view = properties["StreamSpecification"]?["StreamViewType"] else { return nil }
        return ["StreamEnabled": true, "StreamViewType": view]
    }

    /// The UpdateTable requests that change `table` to the declaration.
    func changes(to table: JSON) -> [JSON] {
        var changes: [JSONObject] = []
        let present = table["StreamSpecification"]
        if let stream, stream != present {
            if present != nil { changes.append(["StreamSpecification": ["StreamEnabled": false]]) }
            changes.append(["StreamSpecification": stream])
        } else if stream == nil, present != nil {
            changes.append(["StreamSpecification": ["StreamEnabled": false]])
        }
        let declared = properties["GlobalSecondaryIndexes"]?.withoutTextualScalars.array ?? []
        let known = (table["GlobalSecondaryIndexes"]?.array ?? []).compactMap { $0["IndexName"]?.string }
        for index in declared where !known.contains(index["IndexName"]?.string ?? "") {
            changes.append([
                "AttributeDefinitions": properties["AttributeDefinitions"] ?? [],
                "GlobalSecondaryIndexUpdates": [["Create": index]],
            ])
        }
        let names = declared.compactMap { $0["IndexName"]?.string }
        for name in known where !names.contains(name) {
            changes.append(["GlobalSecondaryIndexUpdates": [["Delete": ["IndexName": .string(name)]]]])
        }
        if let protected = properties["DeletionProtectionEnabled"]?.withoutTextualScalars,
            protected != table["DeletionProtectionEnabled"]
        {
            changes.append(["DeletionProtectionEnabled": protected])
        }
        return changes.map { change in
            var change = change
            change["TableName"] = .string(name)
            return .object(change)
        }
    }

    /// Settings that have operations of their own.
    var settings: [(action: String, input: JSON)] {
        var settings: [(action: String, input: JSON)] = []
        if let specification = properties["TimeToLiveSpecification"]?.withoutTextualScalars {
            settings.append(
                ("UpdateTimeToLive", ["TableName": .string(name), "TimeToLiveSpecification": specification]))
        }
        if let specification = properties["PointInTimeRecoverySpecification"]?.withoutTextualScalars {
            settings.append(
                (
                    "UpdateContinuousBackups",
                    ["TableName": .string(name), "PointInTimeRecoverySpecification": specification]
                ))
        }
        return settings
    }
}

extension JSON {
    /// A template may have numbers and booleans as text, which the API does not accept.
    fileprivate var withoutTextualScalars: JSON {
        switch self {
        case .object(let object):
            .object(
                JSONObject(
                    object.members.map { name, value in
                        let isNumber = ["ReadCapacityUnits", "WriteCapacityUnits"].contains(name)
                        let isTruth = name.hasSuffix("Enabled")
                        if isNumber, let text = value.string, let number = Int(text) { return (name, .int(number)) }
                        if isTruth, let text = value.string { return (name, .bool(text == "true")) }
                        return (name, value.withoutTextualScalars)
                    }))
        case .array(let elements): .array(elements.map(\.withoutTextualScalars))
        default: self
        }
    }
}
