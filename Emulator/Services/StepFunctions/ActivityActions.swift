internal import ASL
internal import EmulatorCore
internal import JSON
internal import Synchronization
internal import Time

/// Activities: tasks that workers fetch by polling.
///
/// - SeeAlso: <https://docs.aws.amazon.com/step-functions/latest/dg/concepts-activities.html>
extension StepFunctionsService {
    func createActivity(_ input: JSON) async throws -> JSON {
        let name = try input.required("name")
        try Self.checkName(name)
        try Self.checkEncryption(input)
        let tags = try Tags(input["tags"])
        let arn = account.arn("states", "activity:\(name)")
        let now = clock.now().milliseconds
        let createdAt = try await store.write { transaction in
            try transaction.setTags(tags, of: arn)
            try transaction.execute(
                "INSERT OR IGNORE INTO activities (arn, name, created_at) VALUES (?, ?, ?)", .text(arn), .text(name),
                .integer(now))
            return try transaction.snapshot.activity(arn)?.createdAt ?? now
        }
        return ["activityArn": .string(arn), "creationDate": Timestamp.json(createdAt)]
    }

    func describeActivity(_ input: JSON) throws -> JSON {
        let activity = try activity(try input.required("activityArn"))
        return [
            "activityArn": .string(activity.arn), "name": .string(activity.name),
            "creationDate": Timestamp.json(activity.createdAt),
            "encryptionConfiguration": ["type": "AWS_OWNED_KEY"],
        ]
    }

    func deleteActivity(_ input: JSON) async throws -> JSON {
        let arn = try input.required("activityArn")
        guard ARN(arn)?.resource.hasPrefix("activity:") == true else { throw AWSFault.invalidARN(arn) }
        try await store.write { transaction in
            try transaction.execute("DELETE FROM activities WHERE arn = ?", .text(arn))
            try transaction.execute("DELETE FROM state_tags WHERE resource = ?", .text(arn))
        }
        return [:]
    }

    func listActivities(_ input: JSON) throws -> JSON {
        let page = try Page(input)
        let all = try store.read { snapshot in
            try snapshot.all("SELECT arn, name, created_at FROM activities ORDER BY arn") { row in
                [
                    "activityArn": .string(row.text(0)), "name": .string(row.text(1)),
                    "creationDate": Timestamp.json(row.integer(2)),
                ] as JSON
            }
        }
        return page.answer(
            "activities", all.enumerated().dropFirst(Int(page.after)).map { (id: Int64($0 + 1), json: $1) })
    }

    /// Waits up to a minute for a task of the activity; the answer is empty if there was none.
    /// - SeeAlso: <https://docs.aws.amazon.com/step-functions/latest/apireference/API_GetActivityTask.html>
    func activityTask(_ input: JSON) async throws -> JSON {
        let arn = try activity(try input.required("activityArn")).arn
        let deadline = clock.now().milliseconds + 60_000
        while true {
            while let task = activities.take(arn) {
                guard let runner = await runner(of: task.execution), await runner.isPending(task: task.request.id)
                else {
                    continue
                }
                await runner.give(.taskStarted(task.request.id, workerName: input["workerName"]?.string))
                return [
                    "taskToken": .string(task.request.token), "input": .string(task.request.parameters.text),
                ]
            }
            guard clock.now().milliseconds < deadline, !Task.isCancelled else { return [:] }
            await activities.bell(of: arn).wait(until: deadline, clock)
        }
    }

    /// - Throws: ``TaskFailure`` where no activity has the ARN: its task would wait for ever.
    func checkActivity(_ arn: String) throws {
        guard try store.read({ try $0.activity(arn) }) == nil else { return }
        throw TaskFailure(error: "States.Runtime", cause: "The activity \(arn) does not exist.")
    }

    private func activity(_ arn: String) throws -> (arn: String, name: String, createdAt: Int64) {
        guard ARN(arn)?.resource.hasPrefix("activity:") == true else { throw AWSFault.invalidARN(arn) }
        guard let activity = try store.read({ try $0.activity(arn) }) else {
            throw AWSFault.activityDoesNotExist(arn)
        }
        return activity
    }
}

extension Snapshot {
    fileprivate func activity(_ arn: String) throws -> (arn: String, name: String, createdAt: Int64)? {
        try first("SELECT arn, name, created_at FROM activities WHERE arn = ?", .text(arn)) {
            ($0.text(0), $0.text(1), $0.integer(2))
        }
    }
}

/// The tasks that wait for a worker, by activity. After a restart, executions add their tasks again.
final class ActivityQueues: Sendable {
    struct Waiting: Sendable {
        let execution: String
        let request: TaskRequest
    }

    private struct Queue {
        var tasks: [Waiting] = []
        var next = 0
        let bell = Bell()
    }

    private let queues = Mutex<[String: Queue]>([:])

    func add(_ task: Waiting, to activity: String) {
        let bell = queues.withLock { queues in
            queues[activity, default: Queue()].tasks.append(task)
            return queues[activity]?.bell
        }
        bell?.ring()
    }

    func take(_ activity: String) -> Waiting? {
        queues.withLock { queues in
            guard var queue = queues[activity], queue.next < queue.tasks.count else { return nil }
            let task = queue.tasks[queue.next]
            queue.next += 1
            if queue.next == queue.tasks.count {
                queue.tasks = []
                queue.next = 0
            }
            queues[activity] = queue
            return task
        }
    }

    func bell(of activity: String) -> Bell {
        queues.withLock { queues in
            let queue = queues[activity] ?? Queue()
            queues[activity] = queue
            return queue.bell
        }
    }
}
