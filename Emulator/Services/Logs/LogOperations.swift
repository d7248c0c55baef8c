internal import EmulatorCore
internal import JSON
internal import Time

// Operations on groups and streams. See
// <https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_Operations.html>

extension LogService {
    func createGroup(_ input: JSON) async throws -> JSON {
        let (group, now) = (try group(input), clock.now().milliseconds)
        guard group.utf8.count <= 512, group.utf8.allSatisfy(Self.mayNameGroup) else {
            throw AWSFault.logsParameter(
                "1 validation error detected: Value '\(group)' at 'logGroupName' failed to satisfy constraint: Member must "
                    + "satisfy regular expression pattern: [\\.\\-_/#A-Za-z0-9]+")
        }
        guard try await store.write({ try LogStore.create(group: group, at: now, in: $0) }) else {
            throw AWSFault("ResourceAlreadyExistsException", "The specified log group already exists")
        }
        return [:]
    }

    private static func mayNameGroup(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
        case UInt8(ascii: "0")...UInt8(ascii: "9"): true
        default: ".-_/#".utf8.contains(byte)
        }
    }

    func createStream(_ input: JSON) async throws -> JSON {
        let (group, stream, now) = (try group(input), try stream(input), clock.now().milliseconds)
        guard try await store.write({ try LogStore.create(stream: stream, group: group, at: now, in: $0) }) else {
            _ = try await groupID(group)
            throw AWSFault("ResourceAlreadyExistsException", "The specified log stream already exists")
        }
        return [:]
    }

    func deleteGroup(_ input: JSON) async throws -> JSON {
        let name = try group(input)
        let id = try await groupID(name)
        try await store.delete { transaction in
            try transaction.execute("DELETE FROM log_event WHERE group_id = ?", .integer(id))
            try transaction.execute("DELETE FROM log_stream WHERE group_id = ?", .integer(id))
            try transaction.execute("DELETE FROM log_group WHERE id = ?", .integer(id))
            try transaction.execute("DELETE FROM log_subscription WHERE group_name = ?", .text(name))
        }
        subscriptions.remove(nil, from: name)
        return [:]
    }

    func deleteStream(_ input: JSON) async throws -> JSON {
        let id = try await streamID(try stream(input), group: try group(input))
        try await store.delete { transaction in
            try transaction.execute("DELETE FROM log_event WHERE stream_id = ?", .integer(id))
            try transaction.execute("DELETE FROM log_stream WHERE id = ?", .integer(id))
        }
        return [:]
    }

    func setRetention(_ days: Int?, of group: String) async throws -> JSON {
        _ = try await groupID(group)
        try await store.write { transaction in
            try transaction.execute(
                "UPDATE log_group SET retention = ? WHERE name = ?", .integer(days.map(Int64.init)), .text(group))
        }
        return [:]
    }

    func groupID(_ name: String) async throws -> Int64 {
        let id = try await store.read { snapshot in
            try snapshot.first("SELECT id FROM log_group WHERE name = ?", .text(name)) { $0.integer(0) }
        }
        guard let id else { throw AWSFault.noLogGroup }
        return id
    }

    func streamID(_ name: String, group: String) async throws -> Int64 {
        let groupID = try await groupID(group)
        let id = try await store.read { snapshot in
            try snapshot.first(
                "SELECT id FROM log_stream WHERE group_id = ? AND name = ?", .integer(groupID), .text(name)
            ) { $0.integer(0) }
        }
        guard let id else { throw AWSFault.noLogStream }
        return id
    }

    // MARK: Lists

    func describeGroups(_ input: JSON) async throws -> JSON {
        let prefix = input["logGroupNamePrefix"]?.string ?? ""
        let part = input["logGroupNamePattern"]?.string ?? ""
        let all = try await store.read { snapshot in
            try snapshot.all("SELECT name, created_at, retention FROM log_group ORDER BY name") { row in
                (name: row.text(0), createdAt: row.integer(1), retention: row.integerOrNil(2))
            }
        }
        let wanted = all.filter { $0.name.hasPrefix(prefix) && (part.isEmpty || $0.name.contains(part)) }
        return page(of: wanted, input, as: "logGroups") { group in
            let arn = arn(ofGroup: group.name)
            var document: JSONObject = [
                "logGroupName": .string(group.name), "creationTime": .int(group.createdAt), "metricFilterCount": 0,
                "arn": .string(arn + ":*"), "logGroupArn": .string(arn), "storedBytes": 0, "logGroupClass": "STANDARD",
            ]
            if let retention = group.retention { document["retentionInDays"] = .int(retention) }
            return .object(document)
        }
    }

    func describeStreams(_ input: JSON) async throws -> JSON {
        let group = try group(input)
        let id = try await groupID(group)
        let prefix = input["logStreamNamePrefix"]?.string ?? ""
        let order = input["orderBy"]?.string == "LastEventTime" ? "coalesce(last_at, 0)" : "name"
        let direction = input["descending"]?.bool == true ? "DESC" : "ASC"
        let all = try await store.read { snapshot in
            try snapshot.all(
                """
                SELECT name, created_at, first_at, last_at FROM log_stream WHERE group_id = ?
                ORDER BY \(order) \(direction)
                """, .integer(id)
            ) { row in
                (name: row.text(0), createdAt: row.integer(1), first: row.integerOrNil(2), last: row.integerOrNil(3))
            }
        }
        return page(of: all.filter { $0.name.hasPrefix(prefix) }, input, as: "logStreams") { stream in
            var document: JSONObject = [
                "logStreamName": .string(stream.name), "creationTime": .int(stream.createdAt), "storedBytes": 0,
                "arn": .string("\(arn(ofGroup: group)):log-stream:\(stream.name)"),
            ]
            if let first = stream.first { document["firstEventTimestamp"] = .int(first) }
            if let last = stream.last {
                document["lastEventTimestamp"] = .int(last)
                document["lastIngestionTime"] = .int(last)
            }
            return .object(document)
        }
    }

    /// At most `limit` (50) elements after the last page.
    private func page<Element>(
        of all: [Element], _ input: JSON, as name: String, _ document: (Element) -> JSON
    ) -> JSON {
        let start = input["nextToken"]?.string.flatMap { Int($0) } ?? 0
        let end = min(all.count, start + (input["limit"]?.int ?? 50))
        var answer: JSONObject = [name: .array(all[min(start, end)..<end].map(document))]
        if end < all.count { answer["nextToken"] = .string(String(end)) }
        return .object(answer)
    }
}
