internal import JSON

/// Where a distributed Map gets its items, when not from its input.
///
/// - SeeAlso: <https://docs.aws.amazon.com/step-functions/latest/dg/input-output-itemreader.html>
struct ItemReader: Sendable {
    enum Format: String, Sendable, Equatable {
        case csv = "CSV"
        case json = "JSON"
        case jsonLines = "JSONL"
        /// The listing of a bucket.
        case objects
    }

    let resource: TaskResource
    let parameters: Template?
    let format: Format
    /// The columns of a CSV without a header line.
    let headers: [String]?
    let delimiter: Character
    let maxItems: NumberField?
    /// Where in a JSON object the list is, as a JSON Pointer.
    var pointer: [String] = []
}

/// How the items of a distributed Map are put together, several to an iteration.
///
/// - SeeAlso: <https://docs.aws.amazon.com/step-functions/latest/dg/input-output-itembatcher.html>
struct ItemBatcher: Sendable {
    let maxItems: NumberField?
    let maxBytes: NumberField?
    let batchInput: Template?

    func batches(of items: [JSON], in scope: inout Scope) throws(ASLFault) -> [JSON] {
        let mostItems = try maxItems?.integer(in: &scope) ?? Int.max
        let mostBytes = try maxBytes?.integer(in: &scope) ?? Int.max
        let shared = try batchInput?.evaluate(in: &scope)
        var batches: [JSON] = []
        var batch: [JSON] = []
        var size = 0
        func close() {
            guard !batch.isEmpty else { return }
            var input = JSONObject()
            input["BatchInput"] = shared
            input["Items"] = .array(batch)
            batches.append(.object(input))
            batch = []
            size = 0
        }
        for item in items {
            let bytes = item.text.utf8.count + 1
            if batch.count >= mostItems || (!batch.isEmpty && size + bytes > mostBytes) { close() }
            batch.append(item)
            size += bytes
        }
        close()
        return batches
    }
}

extension DefinitionReader {
    mutating func readItemReader(_ fields: Fields, language: QueryLanguage) -> ItemReader? {
        guard let object = fields.object["ItemReader"]?.object else { return nil }
        let reader = Fields(object: object, location: fields.at("ItemReader"))
        guard let resource = string("Resource", in: reader).flatMap({ TaskResource($0) }) else {
            report("The resource of an ItemReader is not recognized", at: reader, field: "Resource")
            return nil
        }
        let config = Fields(
            object: object["ReaderConfig"]?.object ?? [:], location: reader.at("ReaderConfig"))
        for name in config.object.names { checkLanguage(of: name, at: config, language: language) }
        checkReader(resource, config)
        let delimiters: [String: Character] = ["COMMA": ",", "PIPE": "|", "SEMICOLON": ";", "SPACE": " ", "TAB": "\t"]
        let format = config.object["InputType"]?.string.flatMap { ItemReader.Format(rawValue: $0) }
        let hasGivenHeaders = config.object["CSVHeaderLocation"] == "GIVEN"
        return ItemReader(
            resource: resource,
            parameters: template(language == .jsonPath ? "Parameters" : "Arguments", in: reader, language: language),
            format: format ?? .objects,
            headers: hasGivenHeaders ? (config.object["CSVHeaders"]?.array ?? []).compactMap(\.string) : nil,
            delimiter: delimiters[config.object["CSVDelimiter"]?.string ?? "COMMA"] ?? ",",
            maxItems: number("MaxItems", in: config, language: language, kind: .integer, within: 0...100_000_000),
            pointer: (config.object["ItemsPointer"]?.string ?? "").split(separator: "/").map {
                String($0).replacing("~1", with: "/").replacing("~0", with: "~")
            })
    }

    /// - SeeAlso: <https://docs.aws.amazon.com/step-functions/latest/dg/input-output-itemreader.html>
    private mutating func checkReader(_ resource: TaskResource, _ config: Fields) {
        let readers: [TaskResource.Target] = [
            .service(name: "s3", action: "getObject"), .service(name: "s3", action: "listObjectsV2"),
        ]
        if !readers.contains(resource.target) {
            report("The resource of an ItemReader is not recognized", at: config, field: "Resource")
        }
        let type = choice("InputType", of: ["CSV", "JSON", "JSONL", "PARQUET", "MANIFEST"], in: config)
        if resource.target == readers[0], type == nil { require(["InputType"], in: config) }
        let location = choice("CSVHeaderLocation", of: ["FIRST_ROW", "GIVEN"], in: config)
        _ = choice("CSVDelimiter", of: ["COMMA", "PIPE", "SEMICOLON", "SPACE", "TAB"], in: config)
        guard type == "CSV" else { return }
        if location == nil { require(["CSVHeaderLocation"], in: config) }
        if location == "GIVEN" { require(["CSVHeaders"], in: config) }
        if location == "FIRST_ROW", config.object["CSVHeaders"] != nil {
            report("Field 'CSVHeaders' is not supported", at: config)
        }
        guard let headers = config.object["CSVHeaders"] else { return }
        if headers.array?.allSatisfy({ $0.string != nil }) != true {
            report("Expected value of type Array", at: config, field: "CSVHeaders")
        } else if headers.array?.isEmpty == true {
            report("Value cannot be empty", at: config, field: "CSVHeaders")
        }
    }

    mutating func readItemBatcher(_ fields: Fields, language: QueryLanguage) -> ItemBatcher? {
        guard let object = fields.object["ItemBatcher"]?.object else { return nil }
        let batcher = Fields(object: object, location: fields.at("ItemBatcher"))
        for name in object.names { checkLanguage(of: name, at: batcher, language: language) }
        return ItemBatcher(
            maxItems: number(
                "MaxItemsPerBatch", in: batcher, language: language, kind: .integer, within: 0...Self.unlimited),
            maxBytes: number(
                "MaxInputBytesPerBatch", in: batcher, language: language, kind: .integer, within: 0...262_144),
            batchInput: template("BatchInput", in: batcher, language: language))
    }
}

extension ItemReader {
    /// How many items are read at most; 0 for all.
    /// - Throws: States.ItemReaderFailed where the path leads to no such number.
    fileprivate func limit(in scope: inout Scope) throws(ASLFault) -> Int {
        do throws(ASLFault) {
            let limit = try maxItems?.integer(in: &scope) ?? 0
            guard limit >= 0 else {
                throw ASLFault(error: ErrorName.itemReaderFailed, message: "field MaxItems must be positive")
            }
            return limit
        } catch {
            guard error.error == ErrorName.runtime else { throw error }
            throw ASLFault(error: ErrorName.itemReaderFailed, message: error.message)
        }
    }

    /// The items in what the call answered: `Body` of an object, or `Contents` of a listing.
    /// - Throws: States.ItemReaderFailed.
    func items(in answer: JSON, limit: Int) throws(ASLFault) -> [JSON] {
        let body = answer["Body"]?.string ?? ""
        var items: [JSON]
        switch format {
        case .objects: items = answer["Contents"]?.array ?? []
        case .csv: items = try csvItems(body)
        case .json:
            guard case .array(let elements)? = (try? JSON(parsing: body))?.value(at: pointer) else {
                throw ASLFault(error: ErrorName.itemReaderFailed, message: "Attempting to map over non-iterable node.")
            }
            items = elements
        case .jsonLines:
            items = []
            for line in body.split(whereSeparator: \.isNewline) {
                guard let item = try? JSON(parsing: String(line)) else {
                    throw ASLFault(error: ErrorName.itemReaderFailed, message: "A line of the object is not JSON.")
                }
                items.append(item)
            }
        }
        return limit > 0 ? Array(items.prefix(limit)) : items
    }

    /// Each row as an object of texts; fields past the headers are dropped, missing ones are empty.
    private func csvItems(_ text: String) throws(ASLFault) -> [JSON] {
        var rows = CSVRows(text, delimiter: delimiter).rows[...]
        guard let headers = headers ?? rows.popFirst() else { return [] }
        guard Set(headers).count == headers.count else {
            throw ASLFault(error: ErrorName.itemReaderFailed, message: "CSV headers cannot contain duplicates.")
        }
        return rows.map { row in
            .object(
                JSONObject(
                    headers.enumerated().map { ($1, .string($0 < row.count ? row[$0] : "")) }))
        }
    }
}

/// The rows of a CSV text; quoted fields may hold delimiters and newlines.
///
/// - SeeAlso: <https://www.rfc-editor.org/rfc/rfc4180>
struct CSVRows {
    private(set) var rows: [[String]] = []

    init(_ text: String, delimiter: Character) {
        var row: [String] = []
        var field = ""
        var isQuoted = false
        var characters = Array(text)[...]
        while let character = characters.popFirst() {
            switch character {
            case "\"" where isQuoted && characters.first == "\"":
                field.append("\"")
                characters.removeFirst()
            case "\"" where isQuoted || field.isEmpty: isQuoted.toggle()
            case delimiter where !isQuoted:
                row.append(field)
                field = ""
            case "\n", "\r\n", "\r":
                if isQuoted {
                    field.append(character)
                } else {
                    rows.append(row + [field])
                    (row, field) = ([], "")
                }
            default: field.append(character)
            }
        }
        if !field.isEmpty || !row.isEmpty { rows.append(row + [field]) }
    }
}

extension Execution {
    /// Asks for the items; the iterations start when they are there.
    mutating func read(_ reader: ItemReader, in id: BranchID, scope: inout Scope) throws(ASLFault) {
        let parameters = try reader.parameters?.evaluate(in: &scope) ?? [:]
        let request = TaskRequest(
            id: nextTaskID(), stateName: branches[id]?.stateName ?? "", resource: reader.resource,
            parameters: parameters, token: "", timeoutInSeconds: nil, heartbeatInSeconds: nil)
        tasks[request.id] = id
        branches[id]?.visit?.pending = .task(
            PendingTask(request: request, timeoutTimer: nil, heartbeatTimer: nil, reader: reader))
        startTask(request)
    }

    mutating func itemsRead(_ result: TaskResult, by reader: ItemReader, in id: BranchID) {
        attempt(id) { (execution, _, scope) throws(ASLFault) in
            do throws(ASLFault) {
                switch result {
                case .failed(let failure):
                    throw ASLFault(error: ErrorName.itemReaderFailed, message: failure.cause ?? failure.error ?? "")
                case .succeeded(let answer):
                    let limit = try reader.limit(in: &scope)
                    let items = try reader.items(in: answer, limit: limit)
                    try execution.startIterations(over: items, in: id, scope: &scope)
                }
            } catch {
                let details = execution.details(of: ErrorOutput(error: error.error, cause: error.message))
                if error.error == ErrorName.itemReaderFailed {
                    execution.emit("MapRunFailed", details, in: id)
                    execution.report(.failed, mapRunOf: id)
                }
                throw error
            }
        }
    }
}

extension JSON {
    /// - SeeAlso: <https://www.rfc-editor.org/rfc/rfc6901>
    fileprivate func value(at pointer: [String]) -> JSON? {
        pointer.reduce(self) { value, name in value?[name] ?? Int(name).flatMap { value?[$0] } }
    }
}
