internal import AWSClient
internal import AWSModels
internal import Console
internal import Control
internal import JSON
internal import Time

/// What the console knows of a pipeline, by the same calls as the other commands.
struct PipelineSource: ConsoleSource {
    let pipeline: Pipeline

    /// The records that a page reads at most for a filter that no index serves.
    private static let examinedLimit = 5000

    // MARK: Files

    func files(_ filter: FileFilter) throws(ConsoleFault) -> JSON {
        let layer = Layer(rawValue: filter.layer) ?? .bronze
        let status = filter.status.flatMap(ControlRecord.Status.init)
        let query: ControlQuery =
            if let status, status != .success { .status(status, in: layer.schema) } else if let table = filter.table {
                .table(table, in: layer.schema)
            } else { .schema(layer.schema) }
        var since: Timestamp?
        if let text = filter.since {
            guard let found = Since(argument: text) else {
                throw .badRequest("since: expected 2026-03-01T09:30:00Z, or 90s, 15m, 2h, 3d, not \(text)")
            }
            since = found.timestamp
        }
        var place: ControlPage.Place?
        if let after = filter.after {
            guard let found = PageMark.place(after) else { throw .badRequest("after: expected the next of a page") }
            place = found
        }
        var records: [ControlRecord] = []
        var examined = 0
        repeat {
            let page = try faults { () throws(ControlError) in
                try pipeline.control.page(query, limit: max(1, filter.limit - records.count), from: place)
            }
            examined += page.records.count
            place = page.next
            records += page.records.filter { record in
                (status.map { $0 == record.status } ?? true) && (filter.table.map { $0 == record.table } ?? true)
                    && (since.map { $0 <= record.updatedAt } ?? true)
                    && (filter.text.map { record.contains($0) } ?? true)
            }
        } while place != nil && records.count < filter.limit && examined < Self.examinedLimit
        records.sort { ($0.updatedAt, $0.controlID.text) > ($1.updatedAt, $1.controlID.text) }
        return [
            "records": .array(records.map { .object($0.document) }), "examined": .int(examined),
            "next": place.map { .string(PageMark.text($0)) } ?? .null,
        ]
    }

    func file(_ id: String) throws(ConsoleFault) -> JSON {
        try commandFaults { () throws(CommandFailure) in try FileTrace(of: id, in: pipeline).document }
    }

    func replay(_ request: ReplayRequest) throws(ConsoleFault) -> JSON {
        let ids = try commandFaults { () throws(CommandFailure) in
            var ids: [ControlID] = []
            for text in request.ids { ids.append(try pipeline.controlID(text)) }
            return ids
        }
        var results: [ReplayResult] = []
        try faults { () throws(ControlError) in
            try pipeline.control.replay(.ids(ids), ReplayRules(force: request.isForced), dryRun: request.isDryRun) {
                (result) throws(ControlError) in
                results.append(result)
                return true
            }
        }
        if !request.isDryRun { ReplayCommand.startLayers(of: results, pipeline) }
        return ["records": .array(results.map(ReplayCommand.document))]
    }

    // MARK: Logs

    func log(_ request: LogRequest) throws(ConsoleFault) -> JSON {
        let prefix = pipeline.functionPrefix
        let name = request.function.hasPrefix(prefix) ? request.function : prefix + request.function
        let log = FunctionLog(
            group: (request.isTask ? "/ecs/" : "/aws/lambda/") + name,
            from: request.from.map { Timestamp(milliseconds: Int64($0)) })
        do throws(AWSError) {
            let events = try log.events(
                to: request.to.map { Timestamp(milliseconds: Int64($0)) }, requestID: request.requestID,
                limit: request.limit, from: pipeline)
            return ["events": .array(events.map(\.document))]
        } catch {
            if error.code == "ResourceNotFoundException" {
                throw .notFound("there is no log of \(name) yet; the function's first run makes it")
            }
            throw fault(pipeline.failure(error))
        }
    }

    // MARK: Errors

    func fault(_ failure: CommandFailure) -> ConsoleFault {
        switch failure {
        case .notFound(let text): .notFound(text)
        case .usage(let text): .badRequest(text)
        default: .failed(failure.description)
        }
    }

    func commandFaults<Result>(
        _ body: () throws(CommandFailure) -> Result
    ) throws(ConsoleFault) -> Result {
        do throws(CommandFailure) { return try body() } catch { throw fault(error) }
    }

    func faults<Result>(_ body: () throws(ControlError) -> Result) throws(ConsoleFault) -> Result {
        do throws(ControlError) { return try body() } catch { throw fault(pipeline.failure(error)) }
    }

    func call(
        _ service: String, _ target: String, _ action: String, _ input: JSON, version: String = "1.0",
        isRepeatable: Bool = true
    ) throws(ConsoleFault) -> JSON {
        do throws(AWSError) {
            return try pipeline.client.jsonCall(
                service: service, target: target, action: action, input: input, version: version,
                isRepeatable: isRepeatable)
        } catch { throw fault(pipeline.failure(error)) }
    }
}

extension ControlRecord {
    /// Whether a text is part of what people search by.
    fileprivate func contains(_ text: String) -> Bool {
        let text = text.lowercased()
        return [controlID.text, objectKey, errorType ?? "", errorMessage ?? ""]
            .contains { $0.lowercased().contains(text) }
    }
}

/// Where the next page starts, as part of an address.
enum PageMark {
    static func text(_ place: ControlPage.Place) -> String {
        let document: JSON = ["partition": .int(place.partition), "key": place.key?.json ?? .null]
        return document.bytes.base64
    }

    /// Nil for a text that no page gave.
    static func place(_ text: String) -> ControlPage.Place? {
        guard let bytes = [UInt8](base64: text), let json = try? JSON(parsing: bytes),
            let partition = json["partition"]?.int, (0..<64).contains(partition)
        else { return nil }
        guard let members = json["key"]?.object else { return ControlPage.Place(partition: partition) }
        var key: Item = [:]
        for (name, value) in members {
            guard let value = try? AttributeValue(value) else { return nil }
            key[name] = value
        }
        return ControlPage.Place(partition: partition, key: key)
    }
}
