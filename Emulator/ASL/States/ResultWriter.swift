internal import JSON

/// Where a distributed Map puts the results of its iterations, when not into its output.
///
/// - SeeAlso: <https://docs.aws.amazon.com/step-functions/latest/dg/input-output-resultwriter.html>
public struct ResultWriter: Sendable {
    /// Nil when the results stay in the output of the state, and only their form is set.
    let resource: TaskResource?
    let parameters: Template?
    let transformation: Transformation
    let isJSONLines: Bool

    /// The parameter of a call of S3 that takes the place of `Body` for an object of JSON lines.
    public static let linesParameter = "JSONLines"

    /// The form of the results.
    enum Transformation: String, Sendable, Equatable, CaseIterable {
        /// Each with its input and status.
        case none = "NONE"
        /// The outputs alone.
        case compact = "COMPACT"
        /// The outputs alone, where an output that is an array gives its elements.
        case flatten = "FLATTEN"

        func apply(to results: [(input: JSON, output: JSON)]) -> [JSON] {
            switch self {
            case .none:
                results.map { input, output in
                    [
                        "Input": .string(input.text), "InputDetails": ["Included": true],
                        "Output": .string(output.text), "OutputDetails": ["Included": true], "Status": "SUCCEEDED",
                    ]
                }
            case .compact: results.map(\.output)
            case .flatten: results.flatMap { $0.output.array ?? [$0.output] }
            }
        }
    }
}

/// Objects that are still to be written, and the output of the state when all are.
struct ResultWriting: Sendable {
    var remaining: [JSON]
    let output: JSON
}

extension DefinitionReader {
    mutating func readResultWriter(_ fields: Fields, language: QueryLanguage) -> ResultWriter? {
        guard let object = fields.object["ResultWriter"]?.object else { return nil }
        let writer = Fields(object: object, location: fields.at("ResultWriter"))
        let config = Fields(object: object["WriterConfig"]?.object ?? [:], location: writer.at("WriterConfig"))
        let transformation = choice(
            "Transformation", of: ResultWriter.Transformation.allCases.map(\.rawValue), in: config)
        let outputType = choice("OutputType", of: ["JSON", "JSONL"], in: config)
        let text = string("Resource", in: writer)
        let resource = text.flatMap { TaskResource($0) }
        if text != nil, resource == nil {
            report("The resource of a ResultWriter is not recognized", at: writer, field: "Resource")
        }
        // A form alone leaves the results in the output, and so does no form.
        guard resource != nil || transformation != nil else { return nil }
        return ResultWriter(
            resource: resource,
            parameters: template(language == .jsonPath ? "Parameters" : "Arguments", in: writer, language: language),
            transformation: transformation.flatMap { ResultWriter.Transformation(rawValue: $0) } ?? .none,
            isJSONLines: outputType == "JSONL")
    }

    /// A text that is one of a few.
    mutating func choice(_ name: String, of values: [String], in fields: Fields) -> String? {
        guard let value = string(name, in: fields) else { return nil }
        if !values.contains(value) {
            report(
                "Value is not valid. Valid values are: \(values.joined(separator: ", "))", at: fields, field: name)
        }
        return value
    }
}

extension Execution {
    /// Writes results and manifest, one after the other; the state continues when both are there.
    mutating func write(_ writer: ResultWriter, runARN: String, in id: BranchID) {
        guard let fan = fans[id], let progress = fan.map else { return }
        let succeeded = zip(progress.items, fan.results).compactMap { item, result in
            result.map { (input: item, output: $0) }
        }
        let results = writer.transformation.apply(to: succeeded)
        guard writer.resource != nil else { return mapCompleted(id, output: .array(results)) }
        let failures = fan.failures.sorted { $0.key < $1.key }.map { slot, failure -> JSON in
            var entry: JSONObject = ["Input": .string(progress.items[slot].text), "Status": "FAILED"]
            entry["Error"] = failure.error.map { .string($0) }
            entry["Cause"] = failure.cause.map { .string($0) }
            return .object(entry)
        }
        attempt(id) { (execution, _, scope) throws(ASLFault) in
            let parameters = try writer.parameters?.evaluate(in: &scope) ?? [:]
            let bucket = parameters["Bucket"] ?? .null
            let prefix = parameters["Prefix"]?.string.map { $0.hasSuffix("/") ? $0 : $0 + "/" } ?? ""
            let folder = prefix + (runARN.split(separator: ":").last.map(String.init) ?? "")
            var objects: [JSON] = []
            var files: JSONObject = ["FAILED": [], "PENDING": [], "SUCCEEDED": []]
            for (status, entries) in [("SUCCEEDED", results), ("FAILED", failures)] where !entries.isEmpty {
                // Brackets and commas take as many bytes as the ends of lines do, and one more.
                let size = JSON.array(entries).text.utf8.count - (writer.isJSONLines ? 1 : 0)
                let key = "\(folder)/\(status)_0.\(writer.isJSONLines ? "jsonl" : "json")"
                files[status] = [["Key": .string(key), "Size": .int(size)]]
                objects.append([
                    "Bucket": bucket, "Key": .string(key),
                    writer.isJSONLines ? ResultWriter.linesParameter : "Body": .array(entries),
                ])
            }
            let key = JSON.string("\(folder)/manifest.json")
            let manifest: JSON = [
                "DestinationBucket": bucket, "MapRunArn": .string(runARN), "ResultFiles": .object(files),
            ]
            objects.append(["Bucket": bucket, "Key": key, "Body": manifest])
            execution.writeNext(
                ResultWriting(
                    remaining: objects,
                    output: [
                        "MapRunArn": .string(runARN), "ResultWriterDetails": ["Bucket": bucket, "Key": key],
                    ]), by: writer, in: id)
        }
    }

    private mutating func writeNext(_ writing: ResultWriting, by writer: ResultWriter, in id: BranchID) {
        var writing = writing
        guard !writing.remaining.isEmpty, let resource = writer.resource else {
            return mapCompleted(id, output: writing.output)
        }
        let request = TaskRequest(
            id: nextTaskID(), stateName: branches[id]?.stateName ?? "", resource: resource,
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
