internal import JSON
internal import JSONata
internal import Time

/// Calls a function, an activity or a service, and waits for what comes back.
///
/// - SeeAlso: <https://docs.aws.amazon.com/step-functions/latest/dg/state-task.html>
struct TaskState: Sendable {
    let resource: TaskResource
    let timeout: NumberField?
    let heartbeat: NumberField?
    /// The role that the call is made with, where it is not the machine's own.
    let credentials: Template?
}

extension DefinitionReader {
    mutating func readTask(_ fields: Fields, language: QueryLanguage) -> TaskState? {
        guard let text = string("Resource", in: fields) else {
            require(["Resource"], in: fields)
            return nil
        }
        let timeout = number(
            "TimeoutSeconds", in: fields, language: language, kind: .integer, within: 1...Self.longestTimeoutInSeconds)
        let heartbeat = number(
            "HeartbeatSeconds", in: fields, language: language, kind: .integer,
            within: 1...Self.longestTimeoutInSeconds)
        let credentials = readCredentials(fields, language: language)
        if case .constant(let beats)? = heartbeat?.source, case .constant(let limit)? = timeout?.source, beats >= limit
        {
            report("HeartbeatSeconds must be smaller than TimeoutSeconds", at: fields, field: "HeartbeatSeconds")
        }
        guard let resource = TaskResource(text) else {
            report(
                "The resource provided \(text) is not recognized. The value is not a valid resource ARN, "
                    + "or the resource is not available in this region.", at: fields, field: "Resource")
            return nil
        }
        checkExpress(resource, in: fields)
        return TaskState(resource: resource, timeout: timeout, heartbeat: heartbeat, credentials: credentials)
    }

    private static let longestTimeoutInSeconds = 99_999_999.0

    /// `Credentials`: the role of the call, and nothing else.
    ///
    /// - SeeAlso: <https://docs.aws.amazon.com/step-functions/latest/dg/concepts-access-cross-acct-resources.html>
    private mutating func readCredentials(_ fields: Fields, language: QueryLanguage) -> Template? {
        guard let value = fields.object["Credentials"] else { return nil }
        guard let object = value.object else {
            // An expression may give the whole object.
            if language == .jsonata, value.string != nil {
                return template("Credentials", in: fields, language: language)
            }
            report("Expected value of type Object", at: fields, field: "Credentials")
            return nil
        }
        let credentials = Fields(object: object, location: fields.at("Credentials"))
        let names = language == .jsonPath ? ["RoleArn", "RoleArn.$"] : ["RoleArn"]
        for name in object.names where !names.contains(name) {
            report("Field '\(name)' is not supported", at: credentials)
        }
        if !names.contains(where: { object[$0] != nil }) { require(["RoleArn"], in: credentials) }
        _ = string("RoleArn", in: credentials)
        return template("Credentials", in: fields, language: language)
    }

    /// An express workflow ends within minutes, so it cannot wait for results that come from outside.
    private mutating func checkExpress(_ resource: TaskResource, in fields: Fields) {
        guard workflow == .express else { return }
        switch (resource.target, resource.pattern) {
        case (.activity, _):
            report("Express state machine does not support Activity ARN", at: fields, field: "Resource")
        case (_, .sync), (_, .sync2):
            report("Express state machine does not support '.sync' service integration", at: fields, field: "Resource")
        case (_, .waitForTaskToken):
            // AWS writes two spaces here.
            report(
                "Express state machine does not support '.waitForTaskToken' service integration ", at: fields,
                field: "Resource")
        case (_, .requestResponse): break
        }
    }
}

extension Execution {
    mutating func runTask(_ state: TaskState, in id: BranchID) {
        attempt(id) { (execution, visit, scope) throws(ASLFault) in
            let taskID = execution.nextTaskID()
            let token = execution.token(for: taskID, random: &scope.random)
            if state.resource.awaitsResult, let branch = execution.branches[id] {
                scope.context = execution.context(of: branch, in: visit, taskToken: token)
            }
            let timeout = try state.timeout?.count(in: &scope)
            let heartbeat = try state.heartbeat?.count(in: &scope)
            let parameters = try visit.state.flow.parameters?.evaluate(in: &scope) ?? visit.effectiveInput
            execution.note(visit.state.flow.language == .jsonPath ? "afterParameters" : "afterArguments", parameters)
            guard parameters.text.utf8.count <= Self.payloadLimitInBytes else {
                throw ASLFault(
                    error: ErrorName.dataLimitExceeded,
                    message:
                        "The state/task '\(visit.state.name)' provided parameters with a size exceeding the maximum "
                        + "number of bytes service limit.")
            }
            let request = TaskRequest(
                id: taskID, stateName: visit.state.name, resource: state.resource, parameters: parameters, token: token,
                timeoutInSeconds: timeout, heartbeatInSeconds: heartbeat)
            let credentials = try state.credentials?.evaluate(in: &scope)
            execution.begin(request, credentials: credentials, in: id)
        }
    }

    /// A token that names the execution and the task, and that nobody can guess.
    private func token(for task: TaskID, random: inout RandomSource) -> String {
        let secret = String(random.next(), radix: 16) + String(random.next(), radix: 16)
        return "\(identity.arn)\n\(task)\n\(secret)".utf8.base64
    }

    private mutating func begin(_ request: TaskRequest, credentials: JSON?, in id: BranchID) {
        recordScheduled(request, credentials: credentials, in: id)
        let timeoutTimer = request.timeoutInSeconds.map {
            setTimer(.taskTimeout(request.id), at: now.advanced(bySeconds: $0))
        }
        let heartbeatTimer = request.heartbeatInSeconds.map {
            setTimer(.heartbeat(request.id), at: now.advanced(bySeconds: $0))
        }
        tasks[request.id] = id
        branches[id]?.visit?.pending = .task(
            PendingTask(
                request: request, timeoutTimer: timeoutTimer,
                heartbeatTimer: heartbeatTimer))
        startTask(request)
    }

    private mutating func recordScheduled(_ request: TaskRequest, credentials: JSON?, in id: BranchID) {
        let resource = request.resource
        var details: JSONObject = [:]
        details["timeoutInSeconds"] = request.timeoutInSeconds.map { .int($0) }
        details["heartbeatInSeconds"] = request.heartbeatInSeconds.map { .int($0) }
        details["taskCredentials"] = credentials.map { ["roleArn": $0["RoleArn"] ?? .null] }
        switch resource.target {
        case .lambdaFunction, .activity:
            details["resource"] = .string(resource.text)
            details["input"] = .string(request.parameters.text)
            details["inputDetails"] = ["truncated": false]
            emit(resource.target == .activity ? "ActivityScheduled" : "LambdaFunctionScheduled", details, in: id)
            if resource.target == .lambdaFunction { emit("LambdaFunctionStarted", in: id) }
        case .service, .sdk:
            details["resourceType"] = .string(resource.typeInHistory)
            details["resource"] = .string(resource.actionInHistory)
            details["region"] = .string(identity.region)
            details["parameters"] = .string(request.parameters.text)
            emit("TaskScheduled", details, in: id)
            emit("TaskStarted", resource.historyDetails, in: id)
        }
    }

    // MARK: What happens to a task

    private func pendingTask(_ id: TaskID) -> (branch: BranchID, task: PendingTask)? {
        guard let branch = tasks[id], case .task(let task)? = branches[branch]?.visit?.pending else { return nil }
        return (branch, task)
    }

    mutating func taskStarted(_ id: TaskID, workerName: String?) {
        guard let (branch, task) = pendingTask(id) else { return }
        emit("ActivityStarted", workerName.map { ["workerName": .string($0)] }, in: branch)
        var started = task
        started.isStarted = true
        branches[branch]?.visit?.pending = .task(started)
        taskHeartbeat(id)
    }

    mutating func taskSubmitted(_ id: TaskID, output: JSON) {
        guard let (branch, task) = pendingTask(id), task.submission == nil else { return }
        var details = task.request.resource.historyDetails
        details["output"] = .string(output.text)
        details["outputDetails"] = ["truncated": false]
        emit("TaskSubmitted", details, in: branch)
        var submitted = task
        submitted.submission = output
        submitted.earlyResult = nil
        branches[branch]?.visit?.pending = .task(submitted)
        if let result = task.earlyResult { taskEnded(id, result) }
    }

    mutating func taskHeartbeat(_ id: TaskID) {
        guard let (branch, task) = pendingTask(id), let seconds = task.request.heartbeatInSeconds else { return }
        cancelTimer(task.heartbeatTimer)
        var beating = task
        beating.heartbeatTimer = setTimer(.heartbeat(id), at: now.advanced(bySeconds: seconds))
        branches[branch]?.visit?.pending = .task(beating)
    }

    /// The call of the task failed, or its result has arrived.
    ///
    /// A callee with a task token may answer before the call that carried the token has; its result then waits.
    mutating func taskEnded(_ id: TaskID, _ result: TaskResult) {
        guard let (branch, task) = pendingTask(id) else { return }
        if task.request.resource.awaitsResult, task.submission == nil, case .succeeded = result {
            var early = task
            early.earlyResult = result
            branches[branch]?.visit?.pending = .task(early)
            return
        }
        endTask(task, cancelled: false)
        branches[branch]?.visit?.pending = .nothing
        if let (writer, writing) = task.writer { return resultWritten(result, by: writer, writing, in: branch) }
        if let reader = task.reader { return itemsRead(result, by: reader, in: branch) }
        switch result {
        case .failed(let failure):
            // A task of an activity that no worker has taken fails because the activity is not there.
            let isUnscheduled = task.request.resource.target == .activity && !task.isStarted
            taskFailed(task.request.resource, failure, as: isUnscheduled ? "ScheduleFailed" : "Failed", in: branch)
        case .succeeded(let output): taskSucceeded(task.request.resource, output, in: branch)
        }
    }

    private mutating func taskSucceeded(_ resource: TaskResource, _ output: JSON, in branch: BranchID) {
        let text = output.text
        guard text.utf8.count <= Self.payloadLimitInBytes else {
            let name = resource.target == .lambdaFunction ? resource.text : resource.typeInHistory
            let failure = ErrorOutput(
                error: ErrorName.dataLimitExceeded,
                cause: "The state/task '\(name)' returned a result with a size exceeding the maximum number of bytes "
                    + "service limit.")
            taskFailed(resource, failure, in: branch)
            return
        }
        var details = resource.historyDetails
        details["output"] = .string(text)
        details["outputDetails"] = ["truncated": false]
        emit("\(resource.eventPrefix)Succeeded", details, in: branch)
        note("result", output)
        attempt(branch) { (execution, _, scope) throws(ASLFault) in
            try execution.leave(branch, with: .result(output), scope: &scope)
        }
    }

    private mutating func taskFailed(
        _ resource: TaskResource, _ failure: ErrorOutput, as event: String = "Failed", in branch: BranchID
    ) {
        var details = resource.historyDetails
        details.add(failure)
        emit("\(resource.eventPrefix)\(event)", details, in: branch)
        fail(branch, with: failure)
    }

    /// Times out a task, together with all others whose time is over: siblings end side by side, as they began.
    mutating func taskTimedOut(_ id: TaskID) {
        let expired = timers.values.filter { $0.at <= now }.compactMap { timer -> TaskID? in
            switch timer.purpose {
            case .taskTimeout(let other), .heartbeat(let other): other == id ? nil : other
            default: nil
            }
        }
        var timedOut: [(branch: BranchID, failure: ErrorOutput)] = []
        for (branch, task) in ([id] + Set(expired).sorted()).compactMap({ pendingTask($0) }) {
            var failure = ErrorOutput(error: ErrorName.timeout, cause: nil)
            let limit = task.timeoutTimer.flatMap { timers[$0]?.at }
            // A timer that has fired is no longer among the timers.
            if task.timeoutTimer == nil || limit.map({ $0 > now }) == true {
                failure.alias = ErrorName.heartbeatTimeout
            }
            endTask(task, cancelled: true)
            branches[branch]?.visit?.pending = .nothing
            var details = task.request.resource.historyDetails
            details.add(failure)
            emit("\(task.request.resource.eventPrefix)TimedOut", details, in: branch)
            timedOut.append((branch, failure))
        }
        for (branch, failure) in timedOut where branches[branch] != nil { fail(branch, with: failure) }
    }
}

extension TaskResource {
    fileprivate var eventPrefix: String {
        switch target {
        case .lambdaFunction: "LambdaFunction"
        case .activity: "Activity"
        case .service, .sdk: "Task"
        }
    }

    /// The details of every Task… event. Functions and activities have them in the Scheduled event only.
    fileprivate var historyDetails: JSONObject {
        switch target {
        case .lambdaFunction, .activity: [:]
        case .service, .sdk: ["resourceType": .string(typeInHistory), "resource": .string(actionInHistory)]
        }
    }
}
