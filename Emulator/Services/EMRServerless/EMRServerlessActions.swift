package import EmulatorCore
package import JSON
internal import Time
internal import URLCoding

// HTTP requests and state machines take the same way in: an action, and a document with the members of its request.
// See <https://docs.aws.amazon.com/emr-serverless/latest/APIReference/API_Operations.html>

extension EMRServerlessService: ActionPerforming {
    package var actionService: String { "emr-serverless" }

    package func respond(to request: HTTPRequest) async -> HTTPResponse {
        do {
            let (action, members) = try Self.action(of: request)
            let body = try await request.body.collect(upTo: 4 << 20)
            var input: JSONObject
            do { input = body.isEmpty ? [:] : try JSON(parsing: body).object ?? [:] } catch {
                throw AWSFault.validation("The request body is \(error).")
            }
            for (name, value) in members { input[name] = value }
            return Self.answer(200, try await perform(action, .object(input)))
        } catch let fault as AWSFault {
            return Self.answer(fault)
        } catch {
            return Self.answer(AWSFault.internalFailure(error))
        }
    }

    private static func answer(_ status: Int, _ document: JSON) -> HTTPResponse {
        HTTPResponse(
            status: status, headers: HTTPHeaders([("Content-Type", "application/json")]), body: .bytes(document.bytes))
    }

    private static func answer(_ fault: AWSFault) -> HTTPResponse {
        var response = answer(fault.status, ["message": .string(fault.message)])
        response.headers.append("x-amzn-ErrorType", fault.code)
        return response
    }

    private static func action(of request: HTTPRequest) throws(AWSFault) -> (String, [(String, JSON)]) {
        let parts = request.path.split(separator: "/").map { String(percentDecoding: String($0)) ?? String($0) }
        let query = Query(request.query)
        switch (request.method, parts.first, parts.count) {
        case ("POST", "applications", 1): return ("CreateApplication", [])
        case ("GET", "applications", 1): return ("ListApplications", query.members)
        case (_, "tags", 2...):
            let arn: [(String, JSON)] = [("resourceArn", .string(parts.dropFirst().joined(separator: "/")))]
            switch request.method {
            case "GET": return ("ListTagsForResource", arn)
            case "POST": return ("TagResource", arn)
            case "DELETE": return ("UntagResource", arn + query.members)
            default: break
            }
        case (_, "applications", 2...):
            let application: [(String, JSON)] = [("applicationId", .string(parts[1]))]
            switch (request.method, parts.count > 2 ? parts[2] : "", parts.count) {
            case ("GET", "", 2): return ("GetApplication", application)
            case ("PATCH", "", 2): return ("UpdateApplication", application)
            case ("DELETE", "", 2): return ("DeleteApplication", application)
            case ("POST", "start", 3): return ("StartApplication", application)
            case ("POST", "stop", 3): return ("StopApplication", application)
            case ("POST", "jobruns", 3): return ("StartJobRun", application)
            case ("GET", "jobruns", 3): return ("ListJobRuns", application + query.members)
            case ("GET", "jobruns", 4): return ("GetJobRun", application + [("jobRunId", .string(parts[3]))])
            case ("DELETE", "jobruns", 4): return ("CancelJobRun", application + [("jobRunId", .string(parts[3]))])
            default: break
            }
        default: break
        }
        throw .notEmulated("EMR Serverless's \(request.method) \(request.path)")
    }

    package func perform(_ action: String, _ input: JSON) async throws(AWSFault) -> JSON {
        do {
            switch action {
            case "CreateApplication": return try await createApplication(input)
            case "GetApplication": return ["application": try application(input).document]
            case "UpdateApplication": return try await updateApplication(input)
            case "DeleteApplication": return try await deleteApplication(input)
            case "ListApplications": return try listApplications(input)
            case "StartApplication": return try await set(.started, input)
            case "StopApplication": return try await stopApplication(input)
            case "StartJobRun": return try await startJobRun(input)
            case "GetJobRun": return ["jobRun": try await jobRun(input).document]
            case "ListJobRuns": return try await listJobRuns(input)
            case "CancelJobRun": return try await cancelJobRun(input)
            case "TagResource", "UntagResource", "ListTagsForResource": return try await tags(action, input)
            default: throw AWSFault.notEmulated("EMR Serverless's \(action)")
            }
        } catch let fault as AWSFault {
            throw fault
        } catch {
            throw .internalFailure(error)
        }
    }

    // MARK: Applications

    func arn(_ resource: String) -> String { account.arn("emr-serverless", "/applications/\(resource)") }

    /// Twenty characters, as AWS's.
    private func newID() -> String { "00f" + String(clock.uuid().filter { $0 != "-" }.prefix(13)) }

    private func createApplication(_ input: JSON) async throws -> JSON {
        let settings = input.object ?? [:]
        try Application.check(settings)
        if let token = settings["clientToken"]?.string,
            let known = try jobs.applications().first(where: { $0.settings["clientToken"]?.string == token })
        {
            guard known.settings.filtered == settings.filtered else {
                throw AWSFault.conflict("The client token \(token) was used with other parameters.")
            }
            return Self.created(known)
        }
        return Self.created(try await create(settings))
    }

    func create(_ settings: JSONObject) async throws -> Application {
        let id = newID()
        let now = clock.now().milliseconds
        let application = Application(
            id: id, arn: arn(id), settings: settings, createdAt: now, updatedAt: now)
        try await jobs.save(application)
        return application
    }

    private static func created(_ application: Application) -> JSON {
        var answer: JSONObject = ["applicationId": .string(application.id), "arn": .string(application.arn)]
        if let name = application.name { answer["name"] = .string(name) }
        return .object(answer)
    }

    func application(_ input: JSON) throws -> Application {
        let id = input["applicationId"]?.string ?? ""
        guard let found = try jobs.applications().first(where: { $0.id == id }) else {
            throw AWSFault.missing("Application \(id) does not exist.")
        }
        return found
    }

    private func updateApplication(_ input: JSON) async throws -> JSON {
        var application = try application(input)
        guard application.state == .created || application.state == .stopped else {
            throw AWSFault.validation(
                "Application \(application.id) is \(application.state.rawValue); it can be changed when it is CREATED or STOPPED."
            )
        }
        for (name, value) in input.object ?? [:] where name != "applicationId" && name != "clientToken" {
            application.settings[name] = value
        }
        try Application.check(application.settings)
        application.updatedAt = clock.now().milliseconds
        try await jobs.save(application)
        return ["application": application.document]
    }

    private func deleteApplication(_ input: JSON) async throws -> JSON {
        let application = try application(input)
        guard application.state != .started else {
            throw AWSFault.validation(
                "Application \(application.id) is STARTED; it can be deleted when it is CREATED or STOPPED.")
        }
        return try await set(.terminated, input)
    }

    private func stopApplication(_ input: JSON) async throws -> JSON {
        let application = try application(input)
        guard !hasRunningJobs(application.id) else {
            throw AWSFault.validation(
                "Application \(application.id) has job runs that have not ended; cancel them first.")
        }
        return try await set(.stopped, input)
    }

    private func set(_ state: Application.State, _ input: JSON) async throws -> JSON {
        var application = try application(input)
        guard application.state != .terminated else {
            throw AWSFault.validation("Application \(application.id) is TERMINATED.")
        }
        application.state = state
        application.updatedAt = clock.now().milliseconds
        try await jobs.save(application)
        return [:]
    }

    private func listApplications(_ input: JSON) throws -> JSON {
        let states = Set(input["states"]?.array?.compactMap(\.string) ?? [])
        let found = try jobs.applications().filter { states.isEmpty || states.contains($0.state.rawValue) }
        return try Self.page(found.map(\.summary), "applications", input)
    }

    private static func page(_ all: [JSON], _ name: String, _ input: JSON) throws(AWSFault) -> JSON {
        let limit = input["maxResults"]?.looseInt ?? 50
        guard (1...50).contains(limit) else { throw .validation("maxResults: expected 1 to 50, not \(limit).") }
        let token = input["nextToken"]?.string
        guard let start = token.map({ Int($0) }) ?? 0, (0...all.count).contains(start) else {
            throw .validation("nextToken is not one that was given.")
        }
        let end = min(all.count, start + limit)
        var answer: JSONObject = [name: .array(Array(all[start..<end]))]
        if end < all.count { answer["nextToken"] = .string("\(end)") }
        return .object(answer)
    }

    // MARK: Job runs

    private func startJobRun(_ input: JSON) async throws -> JSON {
        var application = try application(input)
        guard input["executionRoleArn"]?.string.map(ARN.isClaimed) == true else {
            throw AWSFault.validation("executionRoleArn: a job run needs the ARN of a role.")
        }
        guard let driver = input["jobDriver"]?["sparkSubmit"], driver["entryPoint"]?.string?.isEmpty == false else {
            throw AWSFault.validation("jobDriver: a job run of Spark needs sparkSubmit with an entryPoint.")
        }
        if let token = input["clientToken"]?.string, let known = try jobs.job(token: token, of: application.id) {
            guard known.request["jobDriver"] == input["jobDriver"] else {
                throw AWSFault.conflict("The client token \(token) was used with other parameters.")
            }
            return Self.started(known)
        }
        switch application.state {
        case .started: break
        case .created where application.startsItself, .stopped where application.startsItself:
            application.state = .started
            application.updatedAt = clock.now().milliseconds
            try await jobs.save(application)
        default:
            throw AWSFault.validation("Application \(application.id) is \(application.state.rawValue), not STARTED.")
        }
        let id = newID()
        var request = input.object ?? [:]
        request["arn"] = .string(arn("\(application.id)/jobruns/\(id)"))
        request["releaseLabel"] = .string(application.releaseLabel)
        request["createdBy"] = .string("arn:aws:iam::\(account.id):root")
        if request["configurationOverrides"]?["monitoringConfiguration"] == nil,
            let monitoring = application.settings["monitoringConfiguration"]
        {
            var overrides = request["configurationOverrides"]?.object ?? [:]
            overrides["monitoringConfiguration"] = monitoring
            request["configurationOverrides"] = .object(overrides)
        }
        let job = JobRun(
            id: id, applicationID: application.id, request: .object(request), createdAt: clock.now().milliseconds)
        try await jobs.save(job)
        launch(job)
        return Self.started(job)
    }

    private static func started(_ job: JobRun) -> JSON {
        ["applicationId": .string(job.applicationID), "jobRunId": .string(job.id), "arn": job.request["arn"] ?? ""]
    }

    private func jobRun(_ input: JSON) async throws -> JobRun {
        try await job(input["jobRunId"]?.string ?? "", of: try application(input).id)
    }

    private func listJobRuns(_ input: JSON) async throws -> JSON {
        let states = Set(input["states"]?.array?.compactMap(\.string) ?? [])
        let from = input["createdAtAfter"]?.moment
        let to = input["createdAtBefore"]?.moment
        let found = try jobs.jobs(of: try application(input).id).filter { job in
            (states.isEmpty || states.contains(job.state.rawValue)) && from.map { job.createdAt > $0 } ?? true
                && to.map { job.createdAt < $0 } ?? true
        }
        return try Self.page(found.map(\.summary), "jobRuns", input)
    }

    private func cancelJobRun(_ input: JSON) async throws -> JSON {
        let job = try await jobRun(input)
        guard !job.state.isFinal else {
            throw AWSFault.validation("Job run \(job.id) is \(job.state.rawValue); it has ended already.")
        }
        try await cancel(job)
        return ["applicationId": .string(job.applicationID), "jobRunId": .string(job.id)]
    }

    // MARK: Tags

    private func tags(_ action: String, _ input: JSON) async throws -> JSON {
        let resource = input["resourceArn"]?.string ?? ""
        let parts = (ARN(resource)?.resource ?? "").split(separator: "/").map(String.init)
        guard parts.first == "applications", parts.count == 2 || parts.count == 4 else {
            throw AWSFault.missing("There is no resource \(resource).")
        }
        var application = try application(["applicationId": .string(parts[1])])
        var job = parts.count == 4 ? try await job(parts[3], of: parts[1]) : nil
        var tags = job?.tags ?? application.settings["tags"]?.object ?? [:]
        if action == "ListTagsForResource" { return ["tags": .object(tags)] }
        for (name, value) in input["tags"]?.object ?? [:] { tags[name] = value }
        for name in input["tagKeys"]?.array?.compactMap(\.string) ?? [] { tags[name] = nil }
        if job != nil {
            job?.tags = tags
            if let job { try await jobs.save(job) }
        } else {
            application.settings["tags"] = .object(tags)
            try await jobs.save(application)
        }
        return [:]
    }
}

/// The parameters of a request's query, of which some may be given several times.
private struct Query {
    private(set) var members: [(String, JSON)] = []

    private static let lists: Set = ["states", "tagKeys"]

    init(_ text: String) {
        var lists: [String: [JSON]] = [:]
        for pair in text.split(separator: "&") {
            let halves = pair.split(separator: "=", maxSplits: 1).map {
                String(formURLDecoding: String($0)) ?? String($0)
            }
            guard let name = halves.first else { continue }
            let value = JSON.string(halves.count > 1 ? halves[1] : "")
            if Self.lists.contains(name) {
                lists[name, default: []].append(value)
            } else {
                members.append((name, value))
            }
        }
        for (name, values) in lists { members.append((name, .array(values))) }
    }
}

extension JSONObject {
    /// Without the token, by which requests are compared.
    fileprivate var filtered: JSON {
        .object(JSONObject(filter { $0.name != "clientToken" }.map { ($0.name, $0.value) }))
    }
}
