internal import EmulatorCore
internal import JSON
internal import Time

/// The requested billing of a table or an index.
struct BillingRequest: Sendable {
    enum Mode: String, CaseIterable { case provisioned = "PROVISIONED", payPerRequest = "PAY_PER_REQUEST" }

    let mode: Mode?
    private let reads: Int?
    private let writes: Int?
    let onDemand: JSON?
    private static let limit = 1_000_000_000_000

    init(_ request: WireStructure, _ constraints: inout Constraints) throws(DynamoDBFault) {
        mode = constraints.oneOf("billingMode", try request.string("BillingMode"), Mode.self)
        let throughput = try request.structure("ProvisionedThroughput", type: "ProvisionedThroughput")
        reads = try throughput?.integer("ReadCapacityUnits", type: "Long")
        writes = try throughput?.integer("WriteCapacityUnits", type: "Long")
        if throughput != nil {
            constraints.notNull("provisionedThroughput.writeCapacityUnits", isPresent: writes != nil)
            constraints.value("provisionedThroughput.writeCapacityUnits", writes, 1...Int.max)
            constraints.notNull("provisionedThroughput.readCapacityUnits", isPresent: reads != nil)
            constraints.value("provisionedThroughput.readCapacityUnits", reads, 1...Int.max)
        }
        onDemand = request.members["OnDemandThroughput"].flatMap { $0.isNull ? nil : $0 }
    }

    var isOnDemand: Bool { mode == .payPerRequest }
    var hasThroughput: Bool { reads != nil }

    func check(isTable: Bool) throws(DynamoDBFault) {
        if isOnDemand, hasThroughput {
            throw .invalidParameter(
                "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST")
        }
        if isTable, !isOnDemand, !hasThroughput {
            throw .invalidParameter(
                "ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode is PROVISIONED")
        }
        try checkBounds()
    }

    func checkBounds() throws(DynamoDBFault) {
        if let reads, reads > Self.limit {
            throw .validation("Given value \(reads) for ReadCapacityUnits is out of bounds")
        }
        if let writes, writes > Self.limit {
            throw .validation("Given value \(writes) for WriteCapacityUnits is out of bounds")
        }
    }

    /// A global index has the billing of its table.
    func check(index name: String, pricedBy table: BillingRequest) throws(DynamoDBFault) {
        if table.isOnDemand, hasThroughput {
            throw .invalidParameter(
                "ProvisionedThroughput should not be specified for index: \(name) when BillingMode is PAY_PER_REQUEST")
        }
        if !table.isOnDemand, !hasThroughput {
            throw .invalidParameter("ProvisionedThroughput must be specified for index: \(name)")
        }
        try checkBounds()
    }

    /// The capacity in its wire form; zeros for on-demand billing.
    var throughput: JSON {
        [
            "NumberOfDecreasesToday": 0, "ReadCapacityUnits": .int(reads ?? 0), "WriteCapacityUnits": .int(writes ?? 0),
        ]
    }

    func summary(at now: Int64) -> JSON? {
        guard isOnDemand else { return nil }
        return [
            "BillingMode": "PAY_PER_REQUEST",
            "LastUpdateToPayPerRequestDateTime": Timestamp(milliseconds: now).json,
        ]
    }
}
