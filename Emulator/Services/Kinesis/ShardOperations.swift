internal import EmulatorCore
internal import JSON
internal import Time

// Listing, splitting and merging shards.

extension KinesisService {
    /// The shards that still can have records: open ones, and those that were closed within the retention period.
    func visibleShards(of stream: StoredStream, in snapshot: borrowing Snapshot) throws -> [StoredShard] {
        let horizon = stream.horizon(at: clock.now().milliseconds)
        return try StoredShard.all(of: stream, in: snapshot).filter { $0.closedAt ?? .max >= horizon }
    }

    // MARK: ListShards

    /// - SeeAlso: <https://docs.aws.amazon.com/kinesis/latest/APIReference/API_ListShards.html>
    func listShards(_ request: inout RequestReader) throws -> JSON {
        let limit = try request.integer("MaxResults", in: 1...10_000) ?? 1000
        let token = try request.string("NextToken", .text(1...1_048_576))
        let start = try request.string("ExclusiveStartShardId", .name)
        let filter = try request.structure("ShardFilter").map { try ShardFilter($0) }
        let page: ShardPage
        if let token {
            try request.check()
            // The token has all of them.
            let others = ["StreamName", "StreamARN", "StreamCreationTimestamp", "ExclusiveStartShardId", "ShardFilter"]
            if let other = others.first(where: { request.input[$0]?.isNull == false }) {
                throw AWSFault.kinesisArgument("NextToken and \(other) cannot be provided together.")
            }
            page = try ShardPage(token, now: clock.now().milliseconds)
        } else {
            let name = try streamName(&request)
            let after = start.map { StoredShard.number($0) ?? Int.max } ?? -1
            page = ShardPage(stream: name, after: after, filter: filter)
        }
        return try store.read { snapshot in
            let stream = try stream(page.stream, in: snapshot)
            let oldest = max(stream.horizon(at: clock.now().milliseconds), stream.createdAt)
            let shards = try visibleShards(of: stream, in: snapshot)
                .filter { $0.number > page.after && (page.filter?.takes($0, since: oldest) ?? true) }
            var answer: JSONObject = ["Shards": .array(shards.prefix(limit).map(\.json))]
            if shards.count > limit {
                let next = ShardPage(stream: page.stream, after: shards[limit - 1].number, filter: page.filter)
                answer["NextToken"] = .string(next.token(at: clock.now().milliseconds))
            }
            return .object(answer)
        }
    }

    // MARK: Resharding

    func splitShard(_ request: inout RequestReader) async throws -> JSON {
        let shardName = try request.string("ShardToSplit", .name, isRequired: true) ?? ""
        let keyText = try request.string("NewStartingHashKey", .hashKey, isRequired: true) ?? ""
        let name = try streamName(&request)
        let number = try shardNumber(shardName, name)
        try await store.write { [self] transaction in
            let stream = try stream(name, in: transaction.snapshot)
            let parent = try shard(number, of: stream, in: transaction.snapshot)
            try checkIsOpen(parent, stream)
            let range = parent.range
            guard let key = UInt128(keyText), key > range.first, key - range.first > 1, key < range.last else {
                throw AWSFault.kinesisArgument(
                    "NewStartingHashKey \(keyText) used in SplitShard() on shard \(parent.name) in stream \(name) under "
                        + "account \(account.id) is not both greater than one plus the shard's StartingHashKey "
                        + "\(range.first) and less than the shard's EndingHashKey \(range.last).")
            }
            if stream.mode == .provisioned {
                try Self.checkShardLimit(adding: 1, account, in: transaction.snapshot)
            }
            var resharding = try Resharding(of: stream, at: clock.now().milliseconds, in: transaction.snapshot)
            try resharding.split(parent, at: key, in: transaction)
            transaction.afterCommit { [readers] in readers.ring() }
        }
        return [:]
    }

    func mergeShards(_ request: inout RequestReader) async throws -> JSON {
        let firstName = try request.string("ShardToMerge", .name, isRequired: true) ?? ""
        let secondName = try request.string("AdjacentShardToMerge", .name, isRequired: true) ?? ""
        let name = try streamName(&request)
        let (firstNumber, secondNumber) = (try shardNumber(firstName, name), try shardNumber(secondName, name))
        try await store.write { [self] transaction in
            let stream = try stream(name, in: transaction.snapshot)
            let first = try shard(firstNumber, of: stream, in: transaction.snapshot)
            let second = try shard(secondNumber, of: stream, in: transaction.snapshot)
            try checkIsOpen(first, stream)
            try checkIsOpen(second, stream)
            guard first.range.isFollowed(by: second.range) else {
                throw AWSFault.kinesisArgument(
                    "Shards \(first.name) and \(second.name) in stream \(name) under account \(account.id) are not an "
                        + "adjacent pair of shards eligible for merging")
            }
            var resharding = try Resharding(of: stream, at: clock.now().milliseconds, in: transaction.snapshot)
            try resharding.merge(first, second, in: transaction)
            transaction.afterCommit { [readers] in readers.ring() }
        }
        return [:]
    }

    private func checkIsOpen(_ shard: StoredShard, _ stream: StoredStream) throws(AWSFault) {
        guard shard.closedAt == nil else {
            throw .kinesisArgument(
                "Shard \(shard.name) in stream \(stream.name) under account \(account.id) has already been merged or "
                    + "split, and thus is not eligible for merging or splitting.")
        }
    }

    func updateShardCount(_ request: inout RequestReader) async throws -> JSON {
        let target = try request.integer("TargetShardCount", in: 1...100_000, isRequired: true) ?? 1
        _ = try request.choice("ScalingType", ScalingType.self, isRequired: true)
        let name = try streamName(&request)
        let current = try await setShardCount(of: name, to: target)
        return [
            "StreamName": .string(name), "StreamARN": .string(arn(of: name)), "CurrentShardCount": .int(current),
            "TargetShardCount": .int(target),
        ]
    }

    private enum ScalingType: String, CaseIterable { case uniform = "UNIFORM_SCALING" }

    /// - Returns: how many shards were open before.
    func setShardCount(of name: String, to target: Int) async throws -> Int {
        try await store.write { [self] transaction in
            let stream = try stream(name, in: transaction.snapshot)
            let open = try StoredShard.open(of: stream, in: transaction.snapshot).count
            guard stream.mode == .provisioned else {
                throw AWSFault(
                    "ValidationException",
                    "Request is invalid. Stream \(name) under account \(account.id) is in On-Demand mode.")
            }
            func outOfReach(_ what: String) -> AWSFault {
                AWSFault(
                    "LimitExceededException",
                    "UpdateShardCount cannot scale \(what) your current open shard count. Current open shard count: "
                        + "\(open), Target shard count: \(target)")
            }
            guard target <= StoredShard.limit else {
                throw AWSFault(
                    "LimitExceededException",
                    "Target shard count or number of open shards cannot be greater than \(StoredShard.limit). Current open "
                        + "shard count: \(open), Target shard count: \(target)")
            }
            guard target <= open * 2 else { throw outOfReach("up over double") }
            guard target >= (open + 1) / 2 else { throw outOfReach("down below half") }
            try Self.checkShardLimit(adding: target - open, account, in: transaction.snapshot)
            var resharding = try Resharding(of: stream, at: clock.now().milliseconds, in: transaction.snapshot)
            try resharding.makeUniform(target, in: transaction)
            transaction.afterCommit { [readers] in readers.ring() }
            return open
        }
    }
}
