package import EmulatorCore
internal import JSON
internal import Time

/// The API of EventBridge Scheduler.
///
/// - SeeAlso: <https://docs.aws.amazon.com/scheduler/latest/APIReference/API_Operations.html>
extension ScheduleService {
    private static let requestLimit = 1 << 20

    /// The operations on schedules and their groups.
    package func respond(to request: HTTPRequest) async -> HTTPResponse {
        let parts = request.path.split(separator: "/").map(String.init)
        do {
            if parts.first == "schedule-groups", parts.count <= 2 {
                return Self.answer(200, try await answerGroups(request, parts.count == 2 ? parts[1] : nil))
            }
            guard parts.first == "schedules", parts.count <= 2 else {
                throw AWSFault.notEmulated("Scheduler's \(request.method) \(request.path)")
            }
            let documents = try documents()
            let query = FormBody(Array(request.query.utf8))
            guard parts.count == 2 else {
                guard request.method == "GET" else { throw AWSFault.notEmulated("Scheduler's \(request.method)") }
                let listed = documents.filter { document in
                    (document["Name"]?.string ?? "").hasPrefix(query["NamePrefix"] ?? "")
                        && query["ScheduleGroup"].map { document["GroupName"]?.string == $0 } ?? true
                        && query["State"].map { document["State"]?.string == $0 } ?? true
                }
                return Self.answer(200, ["Schedules": .array(listed.map { .object($0) })])
            }
            var group = query["groupName"] ?? ScheduleGroup.usual
            var request = request
            if request.method == "POST" || request.method == "PUT" {
                let body = try await request.body.collect(upTo: Self.requestLimit)
                request.body = RequestBody(body)
                group = (try? JSON(parsing: body))?["GroupName"]?.string ?? group
                try checkGroup(group)
            }
            let found = documents.first {
                $0["Name"]?.string == parts[1] && $0["GroupName"]?.string == group
            }
            return try await answer(request, parts[1], found)
        } catch let fault as AWSFault {
            var answer = Self.answer(fault.status, ["Message": .string(fault.message)])
            answer.headers.append("x-amzn-ErrorType", fault.code)
            return answer
        } catch {
            return Self.answer(500, ["Message": .string("\(error)")])
        }
    }

    private func answer(
        _ request: HTTPRequest, _ name: String, _ found: JSONObject?
    ) async throws -> HTTPResponse {
        if request.method == "POST" {
            guard found == nil else {
                throw AWSFault("ConflictException", "Schedule \(name) already exists.", status: 409)
            }
            return Self.answer(200, ["ScheduleArn": .string(try await save(request, name))])
        }
        guard let found else {
            throw AWSFault("ResourceNotFoundException", "Schedule \(name) does not exist.", status: 404)
        }
        switch request.method {
        case "GET": return Self.answer(200, .object(found))
        case "PUT": return Self.answer(200, ["ScheduleArn": .string(try await save(request, name))])
        case "DELETE":
            try await removeSchedule(found["Arn"]?.string ?? "")
            return Self.answer(200, [:])
        default: throw AWSFault.notEmulated("Scheduler's \(request.method) \(request.path)")
        }
    }

    /// - Returns: the schedule's ARN.
    private func save(_ request: HTTPRequest, _ name: String) async throws -> String {
        let body = try await request.body.collect(upTo: Self.requestLimit)
        guard var declaration = (try? JSON(parsing: body))?.object else {
            throw AWSFault("ValidationException", "The request is not a JSON object.")
        }
        declaration["Name"] = .string(name)
        declaration["ClientToken"] = nil
        try checkFuture(declaration)
        let made = try await provision(
            DeclaredResource(
                logicalID: name, type: "AWS::Scheduler::Schedule", properties: .object(declaration)))
        return made.attributes["Arn"] ?? ""
    }

    /// As on AWS, a schedule for one time is refused when that time is past. One of a template, which is deployed again at
    /// each start, only stays without effect.
    private func checkFuture(_ declaration: JSONObject) throws(AWSFault) {
        let text = declaration["ScheduleExpression"]?.string ?? ""
        let expression = try ScheduleExpression(text)
        guard case .at = expression, expression.first(from: clock.now().milliseconds) == nil else { return }
        throw AWSFault(
            "ValidationException", "Invalid Schedule Expression \(text). The time is in the past; choose a later one.")
    }

    private func documents() throws -> [JSONObject] {
        try all().filter { !$0.isRule }.map { schedule in
            var document = schedule.declaration
            document["Arn"] = .string(schedule.arn)
            if document["State"] == nil { document["State"] = "ENABLED" }
            if document["GroupName"] == nil { document["GroupName"] = "default" }
            return document
        }
    }

    private static func answer(_ status: Int, _ document: JSON) -> HTTPResponse {
        HTTPResponse(
            status: status, headers: HTTPHeaders([("Content-Type", "application/json")]), body: .bytes(document.bytes))
    }
}

/// A target that is an operation of any service: `arn:aws:scheduler:::aws-sdk:dynamodb:putItem`.
///
/// - SeeAlso: <https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-targets-universal.html>
struct UniversalTarget: Sendable {
    private let service: String
    let operation: String

    /// - Returns: nil for other targets.
    init?(_ arn: String) {
        let parts = arn.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 8, parts[2] == "scheduler", parts[5] == "aws-sdk", !parts[7].isEmpty else { return nil }
        service = parts[6]
        operation = parts[7].prefix(1).uppercased() + parts[7].dropFirst()
    }

    /// The service, if it is emulated and has operations with documents.
    func performer(among peers: Peers) -> (any ActionPerforming)? { peers.action(signingName) }

    /// The name under which requests to the service are signed.
    var signingName: String {
        ["sfn": "states", "eventbridge": "events", "cloudwatchlogs": "logs"][service] ?? service
    }

    func perform(_ input: JSON, by peers: Peers) async throws(AWSFault) {
        guard let performer = performer(among: peers) else { throw .notEmulated("The service \(service)") }
        let hasLowerCase = ["sfn", "cloudwatchlogs", "ecs"].contains(service)
        _ = try await performer.perform(operation, hasLowerCase ? Self.withLowerCaseNames(input) : input)
    }

    /// Scheduler's names of members start in upper case, whatever those of the service do.
    private static func withLowerCaseNames(_ value: JSON) -> JSON {
        switch value {
        case .array(let elements): .array(elements.map(withLowerCaseNames))
        case .object(let object):
            .object(
                JSONObject(
                    object.map { ($0.name.prefix(1).lowercased() + $0.name.dropFirst(), withLowerCaseNames($0.value)) }
                ))
        default: value
        }
    }
}
