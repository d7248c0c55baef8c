internal import EmulatorCore

/// Kinesis's own errors.
/// - SeeAlso: <https://docs.aws.amazon.com/kinesis/latest/APIReference/CommonErrors.html>
extension AWSFault {
    static func kinesisArgument(_ message: String) -> AWSFault { AWSFault("InvalidArgumentException", message) }

    static func kinesisValidation(_ failures: [String]) -> AWSFault {
        AWSFault(
            "ValidationException",
            "\(failures.count) validation error\(failures.count == 1 ? "" : "s") detected: "
                + failures.joined(separator: "; "))
    }

    static func noStream(_ name: String, _ account: Account) -> AWSFault {
        AWSFault("ResourceNotFoundException", "Stream \(name) under account \(account.id) not found.")
    }

    static func noShard(_ shard: String, _ stream: String, _ account: Account) -> AWSFault {
        AWSFault(
            "ResourceNotFoundException",
            "Could not find shard \(shard) in stream \(stream) under account \(account.id).")
    }

    static func noShardToRead(_ shard: String, _ stream: String, _ account: Account) -> AWSFault {
        AWSFault(
            "ResourceNotFoundException",
            "Shard \(shard) in stream \(stream) under account \(account.id) does not exist")
    }

    static func rateExceeded(_ shard: String, _ stream: String, _ account: Account) -> AWSFault {
        AWSFault(
            "ProvisionedThroughputExceededException",
            "Rate exceeded for shard \(shard) in stream \(stream) under account \(account.id).")
    }

    static func shardLimit(_ account: Account, open: Int, added: Int) -> AWSFault {
        AWSFault(
            "LimitExceededException",
            "This request would exceed the shard limit for the account \(account.id) in \(account.region). Current shard "
                + "count for the account: \(open). Limit: \(StoredShard.limit). Number of additional shards that would "
                + "have resulted from this request: \(added). Refer to the AWS Service Limits page "
                + "(http://docs.aws.amazon.com/general/latest/gr/aws_service_limits.html) for current limits and how to "
                + "request higher limits.")
    }
}
