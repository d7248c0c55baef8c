internal import JSON

/// Where a distributed Map puts the results of its iterations, when not into its output.
///
/// - SeeAlso: <https://docs.aws.amazon.com/step-functions/latest/dg/input-output-resultwriter.html>
struct ResultWriter: Sendable {
    let resource: TaskResource
    let parameters: Template?
}

/// Objects that are still to be written, and what the state gives when all are.
struct ResultWriting: Sendable {
    var remaining: [JSON]
    let output: JSON
}

extension DefinitionReader {
    mutating func readResultWriter(_ fields: Fields, language: QueryLanguage) -> ResultWriter? {
        guard let object = fields.object["ResultWriter"]?.object else { return nil }
        let writer = Fields(object: object, location: fields.at("ResultWriter"))
        // Without a resource, the writer only says how results look.
        guard let text = string("Resource", in: writer) else { return nil }
        guard let resource = TaskResource(text) else {
            report("The resource of a ResultWriter is not recognized", at: writer, field: "Resource")
            return nil
        }
        return ResultWriter(
            resource: resource,
            parameters: template(language == .jsonPath ? "Parameters" : "Arguments", in: writer, language: language))
    }
}

extension Execution {
    /// Writes results and manifest, one after the other; the state goes on when both are there.
    mutating func write(_ writer: ResultWriter, runARN: String, in id: BranchID) {
        guard let fan = fans[id], let progress = fan.map else { return }
        attempt(id) { (execution, _, scope) throws(ASLFault) in
            let parameters = try writer.parameters?.evaluate(in: &scope) ?? [:]
            let bucket = parameters["Bucket"] ?? .null
            let prefix = parameters["Prefix"]?.string.map { $0.hasSuffix("/") ? $0 : $0 + "/" } ?? ""
            let folder = prefix + (runARN.split(separator: ":").last.map(String.init) ?? "")
            let results = zip(progress.items, fan.results).compactMap { item, result -> JSON? in
                result.map { ["Input": .string(item.text), "Output": .string($0.text), "Status": "SUCCEEDED"] }
            }
            let body = JSON.array(results)
            let file: JSON = ["Key": .string("\(folder)/SUCCEEDED_0.json"), "Size": .int(body.text.utf8.count)]
            let manifest: JSON = [
                "DestinationBucket": bucket, "MapRunArn": .string(runARN),
                "ResultFiles": ["FAILED": [], "PENDING": [], "SUCCEEDED": [file]],
            ]
            let key = JSON.string("\(folder)/manifest.json")
            execution.writeNext(
                ResultWriting(
                    remaining: [
                        ["Bucket": bucket, "Key": file["Key"] ?? .null, "Body": body],
                        ["Bucket": bucket, "Key": key, "Body": manifest],
                    ],
                    output: [
                        "MapRunArn": .string(runARN), "ResultWriterDetails": ["Bucket": bucket, "Key": key],
                    ]), by: writer, in: id)
        }
    }

    private mutating func writeNext(_ writing: ResultWriting, by writer: ResultWriter, in id: BranchID) {
        var writing = writing
        guard !writing.remaining.isEmpty else { return mapCompleted(id, output: writing.output) }
        let request = TaskRequest(
            id: nextTaskID(), stateName: branches[id]?.stateName ?? "", resource: writer.resource,
            parameters: writing.remaining.removeFirst(), token: "", timeoutInSeconds: nil, heartbeatInSeconds: nil)
        tasks[request.id] = id
        branches[id]?.visit?.pending = .task(
            PendingTask(request: request, timeoutTimer: nil, heartbeatTimer: nil, writer: (writer, writing)))
        startTask(request)
    }

    mutating func resultWritten(
        _ result: TaskResult, by writer: ResultWriter, _ writing: ResultWriting, in id: BranchID
    ) {
        guard case .failed(let failure) = result else { return writeNext(writing, by: writer, in: id) }
        let failed = ErrorOutput(error: ErrorName.resultWriterFailed, cause: failure.cause ?? failure.error)
        emit("MapRunFailed", details(of: failed), in: id)
        report(.failed, mapRunOf: id)
        fail(id, with: failed)
    }
}
