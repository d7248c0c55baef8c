package import EmulatorCore
internal import JSON
internal import Synchronization
internal import Time

/// EventBridge Scheduler and EventBridge's scheduled rules.
///
/// The commit that starts a schedule's targets also sets its next time. Times that passed while the emulator was
/// stopped fire once.
package final class ScheduleService: Sendable {
    package static let schema = [
        """
        CREATE TABLE IF NOT EXISTS schedule (
            arn TEXT PRIMARY KEY, is_rule INTEGER NOT NULL, declaration BLOB NOT NULL, due_at INTEGER) STRICT;
        CREATE INDEX IF NOT EXISTS schedule_due ON schedule (due_at);
        """,
        ScheduleGroup.schema,
    ]

    private static let retryDelay: Int64 = 5000

    let store: Store
    private let peers: Peers
    let account: Account
    let clock: ClockAndChance
    private let bell = Bell()
    private let task = Mutex<Task<Void, Never>?>(nil)

    init(store: Store, peers: Peers, account: Account = Account(), clock: ClockAndChance = .system) {
        self.store = store
        self.peers = peers
        self.account = account
        self.clock = clock
    }

    /// Starts to fire.
    package func start() async throws {
        task.withLock { task in
            task?.cancel()
            task = Task { await self.serve() }
        }
    }

    package func stop() async {
        task.withLock { task in
            task?.cancel()
            task = nil
        }
    }

    private func serve() async {
        while !Task.isCancelled {
            var next: Int64?
            do {
                for schedule in try due() { await fire(schedule) }
                next = try store.read { snapshot in
                    try snapshot.first("SELECT min(due_at) FROM schedule") { $0.integerOrNil(0) } ?? nil
                }
            } catch {
                next = clock.now().milliseconds + Self.retryDelay
            }
            await bell.wait(until: next, clock)
        }
    }

    private func due() throws -> [(schedule: Schedule, dueAt: Int64)] {
        try store.read { snapshot in
            var due: [(schedule: Schedule, dueAt: Int64)] = []
            try snapshot.query(
                "SELECT declaration, is_rule, due_at FROM schedule WHERE due_at <= ? ORDER BY due_at",
                .integer(clock.now().milliseconds)
            ) { row in
                let declaration = try JSON(parsing: row.blob(0)).object ?? [:]
                let schedule = try Schedule(declaration, isRule: row.int(1) == 1, account: account)
                due.append((schedule, row.integer(2)))
            }
            return due
        }
    }

    private func fire(_ due: (schedule: Schedule, dueAt: Int64)) async {
        let schedule = due.schedule
        let now = clock.now().milliseconds
        // Counted from the planned time, so that a rate does not drift, or from now if times were missed.
        let planned = schedule.expression.next(after: due.dueAt)
        let next = planned.flatMap { $0 > now ? $0 : schedule.expression.next(after: now) }
        let id = clock.uuid()
        for target in schedule.targets {
            guard let call = UniversalTarget(target.arn) else { continue }
            do throws(AWSFault) {
                try await check(target, call, schedule)
                try await call.perform(schedule.input(for: target, at: due.dueAt, id: id, account: account), by: peers)
            } catch {
                log("\(schedule.arn) called \(target.arn), which failed: \(error.code) \(error.message)", schedule)
            }
        }
        let denied = await denied(schedule)
        do {
            try await store.write { [self] transaction in
                for target in schedule.targets
                where UniversalTarget(target.arn) == nil && !denied.contains(target.arn) {
                    let input = schedule.input(for: target, at: due.dueAt, id: id, account: account)
                    try peers.deliver(TargetEvent(input), to: target.arn, in: transaction)
                }
                if next == nil, schedule.declaration["ActionAfterCompletion"] == "DELETE" {
                    try transaction.execute("DELETE FROM schedule WHERE arn = ?", .text(schedule.arn))
                } else {
                    try transaction.execute(
                        "UPDATE schedule SET due_at = ? WHERE arn = ?", .integer(next), .text(schedule.arn))
                }
            }
        } catch {
            log(
                "\(schedule.arn) could not start its targets: \(error); next attempt in \(Self.retryDelay) ms", schedule
            )
            _ = try? await store.write { transaction in
                try transaction.execute(
                    "UPDATE schedule SET due_at = ? WHERE arn = ?", .integer(now + Self.retryDelay),
                    .text(schedule.arn))
            }
        }
    }
}

extension ScheduleService {
    /// The targets that the schedule's role may not call, which are logged; none where permissions are not enforced.
    private func denied(_ schedule: Schedule) async -> Set<String> {
        guard let permissions = peers.permissions else { return [] }
        var denied: Set<String> = []
        for target in schedule.targets where UniversalTarget(target.arn) == nil {
            do throws(AWSFault) {
                try await permissions.check(delivering: target.arn, as: target.role, session: schedule.name)
            } catch {
                denied.insert(target.arn)
                log("\(schedule.arn) called \(target.arn), which failed: \(error.code) \(error.message)", schedule)
            }
        }
        return denied
    }

    private func check(_ target: Schedule.Target, _ call: UniversalTarget, _ schedule: Schedule) async throws(AWSFault)
    {
        guard let permissions = peers.permissions, let input = target.input.flatMap({ try? JSON(parsing: $0) }) else {
            return
        }
        try await permissions.check(
            call.operation, of: call.signingName, input, as: target.role, session: schedule.name)
    }

    fileprivate func log(_ text: String, _ schedule: Schedule) {
        peers.write(text + "\n", group: "/emulator/schedules", stream: schedule.name)
    }
}

extension ScheduleService: ResourceProviding {
    package var resourceTypes: [String] { ["AWS::Scheduler::Schedule", Self.group, Self.scheduledRule] }

    /// No type of a template: the service of rules passes those with a schedule on under this name.
    private static let scheduledRule = "AWS::Events::ScheduledRule"

    private static let group = "AWS::Scheduler::ScheduleGroup"

    package func provision(_ resource: DeclaredResource) async throws(AWSFault) -> ProvisionedResource {
        if resource.type == Self.group {
            do { return try await provisionGroup(resource) } catch { throw .internalFailure(error) }
        }
        var declaration = resource.properties.object ?? [:]
        if declaration["Name"] == nil { declaration["Name"] = .string(resource.logicalID) }
        let isRule = resource.type == Self.scheduledRule
        let schedule = try Schedule(declaration, isRule: isRule, account: account)
        for target in schedule.targets
        where UniversalTarget(target.arn)?.performer(among: peers) == nil && !peers.acceptsEvents(for: target.arn) {
            throw .notEmulated(
                "The target \(target.arn.isEmpty ? "(none)" : target.arn) of the schedule \(schedule.name)")
        }
        let provisioned = ProvisionedResource(ref: schedule.name, attributes: ["Arn": schedule.arn])
        let known: JSON?
        do { known = try self.declaration(of: schedule.arn) } catch { throw .internalFailure(error) }
        // An unchanged schedule keeps its next time.
        guard known != .object(schedule.declaration) else { return provisioned }
        let due = schedule.isEnabled ? schedule.expression.first(from: clock.now().milliseconds) : nil
        do {
            try await store.write { transaction in
                try transaction.execute(
                    "INSERT OR REPLACE INTO schedule VALUES (?, ?, ?, ?)", .text(schedule.arn),
                    .integer(isRule ? 1 : 0),
                    .blob(JSON.object(schedule.declaration).bytes), .integer(due))
            }
        } catch { throw .internalFailure(error) }
        bell.ring()
        return provisioned
    }

    package func remove(_ type: String, _ ref: String) async throws(AWSFault) {
        if type == Self.group {
            do { return try await removeGroup(ref) } catch { throw .internalFailure(error) }
        }
        let isRule = type == Self.scheduledRule
        do {
            let arns = try all().filter { $0.isRule == isRule && $0.declaration["Name"]?.string == ref }.map(\.arn)
            try await store.write { transaction in
                for arn in arns { try transaction.execute("DELETE FROM schedule WHERE arn = ?", .text(arn)) }
            }
        } catch { throw .internalFailure(error) }
        bell.ring()
    }

    func removeSchedule(_ arn: String) async throws {
        try await store.write { try $0.execute("DELETE FROM schedule WHERE arn = ?", .text(arn)) }
        bell.ring()
    }

    private func declaration(of arn: String) throws -> JSON? {
        try store.read { snapshot in
            try snapshot.first("SELECT declaration FROM schedule WHERE arn = ?", .text(arn)) { row in
                try JSON(parsing: row.blob(0))
            }
        }
    }

    /// The declarations of all schedules, with their ARNs.
    func all() throws -> [(arn: String, declaration: JSONObject, isRule: Bool)] {
        try store.read { snapshot in
            try snapshot.all("SELECT arn, declaration, is_rule FROM schedule ORDER BY arn") { row in
                (row.text(0), try JSON(parsing: row.blob(1)).object ?? [:], row.int(2) == 1)
            }
        }
    }
}

extension ScheduleService: Service {
    package static let signingNames = ["scheduler"]

    package convenience init(_ context: ServiceContext) {
        self.init(store: context.store, peers: context.peers, account: context.account, clock: context.clock)
    }
}
