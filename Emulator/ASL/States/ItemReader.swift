internal import JSON
internal import Time

/// Where a distributed Map gets its items, when not from its input.
///
/// - SeeAlso: <https://docs.aws.amazon.com/step-functions/latest/dg/input-output-itemreader.html>
struct ItemReader: Sendable {
    let resource: TaskResource
    let parameters: Template?
    /// The form of the object that is read; nil when the items are what S3 says about the objects under a prefix.
    let format: ItemFormat?
    /// Set when the host reads the items itself.
    let source: ItemSource?
    let maxItems: NumberField?
}

/// How the items of a distributed Map are put together, several to an iteration.
///
/// - SeeAlso: <https://docs.aws.amazon.com/step-functions/latest/dg/input-output-itembatcher.html>
struct ItemBatcher: Sendable {
    let maxItems: NumberField?
    let maxBytes: NumberField?
    let batchInput: Template?

    func batches(of items: [JSON], in scope: inout Scope) throws(ASLFault) -> [JSON] {
        let mostItems = try maxItems?.count(in: &scope) ?? Int.max
        let mostBytes = try maxBytes?.count(in: &scope) ?? Int.max
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
        let format = itemFormat(config)
        return ItemReader(
            resource: resource,
            parameters: template(language == .jsonPath ? "Parameters" : "Arguments", in: reader, language: language),
            format: resource.target == Self.listing ? nil : format, source: itemSource(resource, config, format),
            maxItems: number("MaxItems", in: config, language: language, kind: .integer, within: 0...100_000_000))
    }

    private static let listing = TaskResource.Target.service(name: "s3", action: "listObjectsV2")

    private func itemFormat(_ config: Fields) -> ItemFormat? {
        guard let kind = config.object["InputType"]?.string.flatMap({ ItemFormat.Kind(rawValue: $0) }) else {
            return nil
        }
        let delimiters: [String: Character] = ["COMMA": ",", "PIPE": "|", "SEMICOLON": ";", "SPACE": " ", "TAB": "\t"]
        let hasGivenHeaders = config.object["CSVHeaderLocation"] == "GIVEN"
        return ItemFormat(
            kind, headers: hasGivenHeaders ? (config.object["CSVHeaders"]?.array ?? []).compactMap(\.string) : nil,
            delimiter: delimiters[config.object["CSVDelimiter"]?.string ?? "COMMA"] ?? ",",
            pointer: (config.object["ItemsPointer"]?.string ?? "").split(separator: "/").map {
                String($0).replacing("~1", with: "/").replacing("~0", with: "~")
            })
    }

    /// Nil when the items are in the answer of the call.
    private func itemSource(_ resource: TaskResource, _ config: Fields, _ format: ItemFormat?) -> ItemSource? {
        let manifest = config.object["ManifestType"]?.string
        if resource.target == Self.listing {
            guard config.object["Transformation"] == "LOAD_AND_FLATTEN", let format else { return nil }
            return ItemSource(subject: .listing, format: format)
        }
        if manifest == "S3_INVENTORY" || (manifest == nil && config.object["InputType"] == "MANIFEST") {
            return ItemSource(subject: .inventory, format: ItemFormat(.csv))
        }
        if manifest == "ATHENA_DATA" {
            // Without a form of its own the manifest names CSV files.
            return ItemSource(subject: .athenaManifest, format: format ?? ItemFormat(.csv))
        }
        guard let format, format.kind == .parquet else { return nil }
        return ItemSource(subject: .object, format: format)
    }

    /// - SeeAlso: <https://docs.aws.amazon.com/step-functions/latest/dg/input-output-itemreader.html>
    private mutating func checkReader(_ resource: TaskResource, _ config: Fields) {
        let readers: [TaskResource.Target] = [
            .service(name: "s3", action: "getObject"), Self.listing,
        ]
        if !readers.contains(resource.target) {
            report("The resource of an ItemReader is not recognized", at: config, field: "Resource")
        }
        let type = choice("InputType", of: ["CSV", "JSON", "JSONL", "PARQUET", "MANIFEST"], in: config)
        let manifest = choice("ManifestType", of: ["ATHENA_DATA", "S3_INVENTORY"], in: config)
        let transformation = choice("Transformation", of: ["NONE", "LOAD_AND_FLATTEN"], in: config)
        // An inventory says itself what its files are.
        let needsType =
            resource.target == readers[0] ? manifest != "S3_INVENTORY" : transformation == "LOAD_AND_FLATTEN"
        if needsType, type == nil { require(["InputType"], in: config) }
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
        let items: [JSON]
        if source != nil {
            items = answer["Items"]?.array ?? []
        } else if let format {
            do {
                items = try format.items(in: answer["Body"]?.string ?? "")
            } catch {
                throw ASLFault(error: ErrorName.itemReaderFailed, message: error.reason)
            }
        } else {
            items = (answer["Contents"]?.array ?? []).map(Self.item)
        }
        return limit > 0 ? Array(items.prefix(limit)) : items
    }
}

extension ItemReader {
    /// The items in the data that a test of the state has instead of an object.
    func items(inData data: String, scope: inout Scope) throws(ASLFault) -> [JSON] {
        let limit = try limit(in: &scope)
        let items: [JSON]
        do {
            items = try (format ?? ItemFormat(.json)).items(in: data)
        } catch {
            throw ASLFault(error: ErrorName.itemReaderFailed, message: error.reason)
        }
        return limit > 0 ? Array(items.prefix(limit)) : items
    }

    /// What an item says about an object: the instant in seconds, and `Etag` as AWS spells it here.
    fileprivate static func item(_ listed: JSON) -> JSON {
        guard let members = listed.object else { return listed }
        return .object(
            JSONObject(
                members.map { name, value in
                    switch name {
                    case "ETag": ("Etag", value)
                    case "LastModified":
                        (name, value.string.flatMap { Timestamp(rfc3339: $0) }.map { .int($0.seconds) } ?? value)
                    default: (name, value)
                    }
                }))
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
            parameters: parameters, token: "", timeoutInSeconds: nil, heartbeatInSeconds: nil, reading: reader.source)
        let place = [parameters["Bucket"]?.string, parameters["Key"]?.string].compactMap { $0 }.joined(separator: "/")
        fans[id]?.map?.source = "S3://\(place)"
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
