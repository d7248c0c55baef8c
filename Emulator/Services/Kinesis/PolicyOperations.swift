internal import EmulatorCore
internal import JSON

// Policies that streams and consumers have attached: stored and returned, without effect.
// See <https://docs.aws.amazon.com/kinesis/latest/APIReference/API_PutResourcePolicy.html>

extension KinesisService {
    func putResourcePolicy(_ request: inout RequestReader) async throws -> JSON {
        let policy = try request.string("Policy", .text(0...Int.max), isRequired: true) ?? ""
        let arn = try resourceARN(&request)
        guard (try? JSON(parsing: Array(policy.utf8)))?.object != nil else {
            throw AWSFault.kinesisArgument("The policy of \(arn) is not a JSON object.")
        }
        try await store.write { [self] transaction in
            try checkResource(arn, in: transaction.snapshot)
            try StoredPolicy.set(policy, of: arn, in: transaction)
        }
        return [:]
    }

    /// A resource without a policy has an empty one.
    func getResourcePolicy(_ request: inout RequestReader) throws -> JSON {
        let arn = try resourceARN(&request)
        return try store.read { snapshot in
            try checkResource(arn, in: snapshot)
            return ["Policy": .string(try StoredPolicy.find(arn, in: snapshot) ?? "{}")]
        }
    }

    func deleteResourcePolicy(_ request: inout RequestReader) async throws -> JSON {
        let arn = try resourceARN(&request)
        try await store.write { [self] transaction in
            try checkResource(arn, in: transaction.snapshot)
            guard try StoredPolicy.find(arn, in: transaction.snapshot) != nil else {
                throw AWSFault("ResourceNotFoundException", "No resource policy found for resource ARN \(arn).")
            }
            try StoredPolicy.remove(arn, in: transaction)
        }
        return [:]
    }

    private func resourceARN(_ request: inout RequestReader) throws(AWSFault) -> String {
        let arn = try request.string("ResourceARN", .text(1...2048), isRequired: true) ?? ""
        try request.check()
        return arn
    }

    private func checkResource(_ arn: String, in snapshot: borrowing Snapshot) throws {
        if let name = streamName(inARN: arn) {
            if !name.contains("/") {
                if try StoredStream.find(name, in: snapshot) != nil { return }
            } else if let (stream, consumer) = try? names(inConsumerARN: arn) {
                _ = try find(consumer, of: stream, in: snapshot)
                return
            }
        }
        throw AWSFault.noStream(arn, account)
    }
}

/// The policy that a stream or a consumer has attached.
enum StoredPolicy {
    static let schema = """
        CREATE TABLE IF NOT EXISTS kinesis_policy (arn TEXT PRIMARY KEY, policy TEXT NOT NULL) STRICT, WITHOUT ROWID;
        """

    static func find(_ arn: String, in snapshot: borrowing Snapshot) throws -> String? {
        try snapshot.first("SELECT policy FROM kinesis_policy WHERE arn = ?", .text(arn)) { $0.text(0) }
    }

    static func set(_ policy: String, of arn: String, in transaction: borrowing Transaction) throws {
        try transaction.execute("INSERT OR REPLACE INTO kinesis_policy VALUES (?, ?)", .text(arn), .text(policy))
    }

    /// Removes the policies of a resource and of what belongs to it, such as a stream's consumers.
    static func remove(_ arn: String, in transaction: borrowing Transaction) throws {
        try transaction.execute(
            "DELETE FROM kinesis_policy WHERE arn = ? OR substr(arn, 1, ?) = ?", .text(arn),
            .integer(Int64(arn.unicodeScalars.count + 1)), .text(arn + "/"))
    }
}
