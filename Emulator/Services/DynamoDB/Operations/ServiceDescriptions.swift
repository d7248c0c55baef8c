internal import EmulatorCore
internal import JSON

/// Returns the account's quotas, which are the service's defaults.
/// - SeeAlso: <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_DescribeLimits.html>
struct DescribeLimits: ReadingOperation {
    init(_ request: WireStructure) throws(DynamoDBFault) {}

    func perform(on state: DynamoDBState, in snapshot: borrowing Snapshot) throws -> JSON {
        [
            "AccountMaxReadCapacityUnits": 80000, "AccountMaxWriteCapacityUnits": 80000,
            "TableMaxReadCapacityUnits": 40000, "TableMaxWriteCapacityUnits": 40000,
        ]
    }
}

/// Returns the service's address.
/// - SeeAlso: <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_DescribeEndpoints.html>
struct DescribeEndpoints: ReadingOperation {
    init(_ request: WireStructure) throws(DynamoDBFault) {}

    func perform(on state: DynamoDBState, in snapshot: borrowing Snapshot) throws -> JSON {
        // A client that discovers its endpoint must stay with the emulator.
        let address = state.endpoint.url.split(separator: "/").last.map(String.init)
        return [
            "Endpoints": [
                [
                    "Address": .string(address ?? "dynamodb.\(state.account.region).amazonaws.com"),
                    "CachePeriodInMinutes": 1440,
                ]
            ]
        ]
    }
}
