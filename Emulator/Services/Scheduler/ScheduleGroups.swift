internal import EmulatorCore
internal import JSON
internal import Time

/// Groups of schedules. `default` is always there.
/// - SeeAlso: <https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-group.html>
struct ScheduleGroup: Sendable {
    static let schema = """
        CREATE TABLE IF NOT EXISTS schedule_group (name TEXT PRIMARY KEY, created_at INTEGER NOT NULL) STRICT;
        """

    static let usual = "default"

    let name: String
    /// Milliseconds since 1970.
    let createdAt: Int64

    static func all(in snapshot: borrowing Snapshot) throws -> [ScheduleGroup] {
        let made = try snapshot.all("SELECT name, created_at FROM schedule_group ORDER BY name") {
            ScheduleGroup(name: $0.text(0), createdAt: $0.integer(1))
        }
        return ([ScheduleGroup(name: usual, createdAt: 0)] + made).sorted { $0.name < $1.name }
    }
}

extension ScheduleService {
    private func arn(ofGroup name: String) -> String { account.arn("scheduler", "schedule-group/\(name)") }

    func groups() throws -> [ScheduleGroup] { try store.read { try ScheduleGroup.all(in: $0) } }

    /// Refuses a schedule in a group that is not there.
    func checkGroup(_ name: String) throws {
        guard try groups().contains(where: { $0.name == name }) else {
            throw AWSFault("ResourceNotFoundException", "Schedule group \(name) does not exist.", status: 404)
        }
    }

    func answerGroups(_ request: HTTPRequest, _ name: String?) async throws -> JSON {
        let groups = try groups()
        guard let name else {
            let prefix = FormBody(Array(request.query.utf8))["NamePrefix"] ?? ""
            return ["ScheduleGroups": .array(groups.filter { $0.name.hasPrefix(prefix) }.map(document))]
        }
        let found = groups.first { $0.name == name }
        if request.method == "POST" {
            guard found == nil else {
                throw AWSFault("ConflictException", "Schedule group \(name) already exists.", status: 409)
            }
            guard (1...64).contains(name.utf8.count),
                name.utf8.allSatisfy({ $0.isNamePart || $0 == UInt8(ascii: ".") })
            else {
                throw AWSFault(
                    "ValidationException",
                    "1 validation error detected: Value '\(name)' at 'name' failed to satisfy constraint: Member must satisfy "
                        + "regular expression pattern: ^[0-9a-zA-Z-_.]+$")
            }
            try await addGroup(name)
            return ["ScheduleGroupArn": .string(arn(ofGroup: name))]
        }
        guard let found else {
            throw AWSFault("ResourceNotFoundException", "Schedule group \(name) does not exist.", status: 404)
        }
        switch request.method {
        case "GET": return document(found)
        case "DELETE":
            guard name != ScheduleGroup.usual else {
                throw AWSFault("ValidationException", "Cannot delete the default schedule group.")
            }
            try await removeGroup(name)
            return [:]
        default: throw AWSFault.notEmulated("Scheduler's \(request.method) \(request.path)")
        }
    }

    private func document(_ group: ScheduleGroup) -> JSON {
        [
            "Arn": .string(arn(ofGroup: group.name)), "Name": .string(group.name), "State": "ACTIVE",
            "CreationDate": Timestamp.json(group.createdAt), "LastModificationDate": Timestamp.json(group.createdAt),
        ]
    }

    private func addGroup(_ name: String) async throws {
        let now = clock.now().milliseconds
        try await store.write { transaction in
            try transaction.execute(
                "INSERT OR IGNORE INTO schedule_group VALUES (?, ?)", .text(name), .integer(now))
        }
    }

    /// A group is deleted with its schedules.
    func removeGroup(_ name: String) async throws {
        let prefix = account.arn("scheduler", "schedule/\(name)/")
        try await store.write { transaction in
            try transaction.execute("DELETE FROM schedule_group WHERE name = ?", .text(name))
            try transaction.execute(
                "DELETE FROM schedule WHERE substr(arn, 1, ?) = ?", .integer(prefix.unicodeScalars.count), .text(prefix)
            )
        }
    }

    /// `AWS::Scheduler::ScheduleGroup`
    func provisionGroup(_ resource: DeclaredResource) async throws -> ProvisionedResource {
        let name = resource.properties["Name"]?.string ?? "\(resource.stack)-\(resource.logicalID)"
        try await addGroup(name)
        let created = try groups().first { $0.name == name }?.createdAt ?? 0
        let time = Timestamp(milliseconds: created).rfc3339
        return ProvisionedResource(
            ref: name,
            attributes: [
                "Arn": arn(ofGroup: name), "State": "ACTIVE", "CreationDate": time, "LastModificationDate": time,
            ])
    }
}
