package import EmulatorCore
package import JSON
internal import Gzip
internal import Synchronization
internal import Time
internal import XML

/// Amazon CloudWatch: metrics, alarms on them and dashboards.
///
/// Clients send CBOR, JSON or forms, depending on their version; each becomes the document for ``perform(_:_:)``.
/// - SeeAlso: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_Operations.html>
package final class CloudWatchService: Sendable {
    package static let schema = MetricTable.schema + StoredAlarm.schema + [StoredDashboard.schema]

    let store: Store
    let peers: Peers
    let account: Account
    let clock: ClockAndChance
    private let evaluation = Mutex<Task<Void, Never>?>(nil)
    /// The metrics of each alarm, as of a version of all of them.
    let watched = Mutex<(version: [Int64]?, metrics: [String: Set<MetricIdentity>])>((nil, [:]))
    /// The alarms of templates that are being deployed.
    let declared = Mutex<[PutAlarm]>([])

    /// - Parameter peers: what alarms tell of their changes.
    init(store: Store, peers: Peers, account: Account = Account(), clock: ClockAndChance = .system) {
        self.store = store
        self.peers = peers
        self.account = account
        self.clock = clock
    }
}

extension CloudWatchService: JSONService {
    package var actionService: String { "monitoring" }
    package var targetPrefix: String { "GraniteServiceVersion20100801" }
    package var protocolVersion: String { "1.0" }

    package func perform(_ action: String, _ input: JSON) async throws(AWSFault) -> JSON {
        do {
            switch action {
            case "PutMetricData": return try await putMetricData(input)
            case "ListMetrics": return try listMetrics(input)
            case "GetMetricStatistics": return try metricStatistics(input)
            case "GetMetricData": return try metricData(input)
            case "PutMetricAlarm": return try await putAlarm(input)
            case "DescribeAlarms": return try await describeAlarms(input)
            case "DescribeAlarmsForMetric": return try await describeAlarmsForMetric(input)
            case "DescribeAlarmHistory": return try alarmHistory(input)
            case "DeleteAlarms": return try await deleteAlarms(input)
            case "SetAlarmState": return try await setAlarmState(input)
            case "EnableAlarmActions": return try await setActions(true, input)
            case "DisableAlarmActions": return try await setActions(false, input)
            case "PutDashboard": return try await putDashboard(input)
            case "GetDashboard": return try dashboard(input)
            case "ListDashboards": return try listDashboards(input)
            case "DeleteDashboards": return try await deleteDashboards(input)
            case "TagResource", "UntagResource", "ListTagsForResource": return try await tagging(action, input)
            default: throw AWSFault.notEmulated("CloudWatch's \(action)")
            }
        } catch let fault as AWSFault {
            throw fault
        } catch {
            throw .internalFailure(error)
        }
    }
}

extension CloudWatchService: Service {
    package static let signingNames = ["monitoring"]

    package convenience init(_ context: ServiceContext) {
        self.init(store: context.store, peers: context.peers, account: context.account, clock: context.clock)
    }

    private static let requestLimit = 4 << 20
    /// Members that are instants, in requests and answers.
    static let instants: Set = [
        "Timestamp", "Timestamps", "StartTime", "EndTime", "StateUpdatedTimestamp", "StateTransitionedTimestamp",
        "AlarmConfigurationUpdatedTimestamp", "LastModified", "StartDate", "EndDate",
    ]

    package func respond(to request: HTTPRequest) async -> HTTPResponse {
        if request.headers["smithy-protocol"] == "rpc-v2-cbor" { return await answerCBOR(request) }
        if request.headers["X-Amz-Target"] != nil { return await answerJSON(request) }
        let requestID = clock.uuid()
        do {
            let form = FormBody(try await body(of: request))
            let action = form["Action"] ?? ""
            let answer = try await perform(action, form.document)
            return QueryAnswer.success(action, requestID: requestID) { $0.members(of: answer) }
        } catch {
            return QueryAnswer.failure(error as? AWSFault ?? .internalFailure(error), requestID: requestID)
        }
    }

    /// The operation is the last part of the path: `/service/…/operation/PutMetricData`.
    private func answerCBOR(_ request: HTTPRequest) async -> HTTPResponse {
        do {
            let bytes = try await body(of: request)
            let action = request.path.split(separator: "/").last.map(String.init) ?? ""
            let input: JSON
            do throws(CBOR.Fault) {
                input = bytes.isEmpty ? [:] : try CBOR.decode(bytes)
            } catch {
                throw AWSFault("SerializationException", "The request body is no CBOR: \(error.reason).")
            }
            return cbor(200, try await perform(action, input))
        } catch {
            let fault = error as? AWSFault ?? .internalFailure(error)
            var answer = cbor(fault.status, ["__type": .string(fault.code), "message": .string(fault.message)])
            answer.headers["x-amzn-query-error"] = "\(fault.code);\(fault.status < 500 ? "Sender" : "Receiver")"
            return answer
        }
    }

    private func body(of request: HTTPRequest) async throws -> [UInt8] {
        let bytes = try await request.body.collect(upTo: Self.requestLimit)
        guard request.headers["Content-Encoding"]?.contains("gzip") == true else { return bytes }
        guard let contents = GzipReader.contents(of: bytes) else {
            throw AWSFault("SerializationException", "The request body is no gzip data.")
        }
        return contents
    }

    private func cbor(_ status: Int, _ document: JSON) -> HTTPResponse {
        HTTPResponse(
            status: status,
            headers: HTTPHeaders([("Content-Type", "application/cbor"), ("smithy-protocol", "rpc-v2-cbor")]),
            body: .bytes(CBOR.encode(document, instants: Self.instants)))
    }

    package func refusal(of fault: SignatureFault, to request: HTTPRequest) -> HTTPResponse {
        if request.headers["X-Amz-Target"] != nil { return answer(fault.jsonFault(status: 400)) }
        guard request.headers["smithy-protocol"] == "rpc-v2-cbor" else {
            return QueryAnswer.failure(fault.queryFault, requestID: clock.uuid())
        }
        let fault = fault.queryFault
        return cbor(fault.status, ["__type": .string(fault.code), "message": .string(fault.message)])
    }

    /// How often alarms are evaluated, beside after each change of their metrics: missing data change an alarm too.
    private static let secondsBetweenEvaluations: Int64 = 10

    package func start() async throws {
        evaluation.withLock { task in
            task?.cancel()
            task = Task {
                while !Task.isCancelled {
                    let next = clock.now().advanced(byMilliseconds: Self.secondsBetweenEvaluations * 1000)
                    guard (try? await clock.sleep(next)) != nil else { return }
                    try? await evaluateAlarms()
                }
            }
        }
    }

    package func stop() async {
        evaluation.withLock { task in
            task?.cancel()
            task = nil
        }
    }
}

extension XMLWriter {
    /// Writes the members of a structure in the query protocol.
    fileprivate mutating func members(of structure: JSON) {
        for (name, value) in structure.object ?? [:] {
            let isInstant = CloudWatchService.instants.contains(name)
            element(name) { $0.content(of: value, isInstant: isInstant) }
        }
    }

    private mutating func content(of value: JSON, isInstant: Bool) {
        switch value {
        case .object: members(of: value)
        case .array(let elements):
            for value in elements { element("member") { $0.content(of: value, isInstant: isInstant) } }
        case .number where isInstant: characters(Timestamp(milliseconds: value.moment ?? 0).rfc3339)
        default: characters(value.string ?? value.text)
        }
    }
}

extension AWSFault {
    static func invalidMetric(_ message: String) -> AWSFault { AWSFault("InvalidParameterValue", message) }
    static func missingMetric(_ parameter: String) -> AWSFault {
        AWSFault("MissingParameter", "The parameter \(parameter) is required.")
    }
    static func invalidCombination(_ message: String) -> AWSFault {
        AWSFault("InvalidParameterCombination", message)
    }
}

extension JSON {
    /// A number, also where a form carried it as text.
    var looseDouble: Double? { double ?? string.flatMap { Double($0) } }
    var looseBool: Bool? { bool ?? string.flatMap { Bool($0.lowercased()) } }

    static func decimal(_ value: Double) -> JSON {
        if let integer = Int64(exactly: value), integer.magnitude < 1 << 53 { return .int(integer) }
        return JSONNumber(value).map { .number($0) } ?? .null
    }
}
