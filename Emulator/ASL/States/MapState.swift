internal import JSON

/// Runs the same states for every item of a list; the result is the list of their outputs.
///
/// - SeeAlso: <https://docs.aws.amazon.com/step-functions/latest/dg/state-map.html>
struct MapState: Sendable {
    let processor: StateBlock
    /// Whether iterations are executions of their own, outside the parent's history.
    let isDistributed: Bool
    let itemsPath: PathField
    /// JSONata only: the items, instead of the whole input.
    let items: Template?
    /// Where the items come from, instead of the input.
    let reader: ItemReader?
    /// Where the results go, instead of the output.
    let writer: ResultWriter?
    /// How items are put together, several to an iteration.
    let batcher: ItemBatcher?
    /// What an iteration gets instead of the plain item.
    let itemSelector: Template?
    let maxConcurrency: NumberField?
    let toleratedFailureCount: NumberField?
    let toleratedFailurePercentage: NumberField?
    /// What names the map run, instead of a generated id.
    let label: String?
}

extension DefinitionReader {
    mutating func readMap(_ fields: Fields, language: QueryLanguage) -> MapState? {
        checkOnlyOne(of: ["ItemProcessor", "Iterator"], in: fields)
        checkOnlyOne(of: ["ItemSelector", "Parameters"], in: fields)
        let processorName = fields.object["ItemProcessor"] != nil ? "ItemProcessor" : "Iterator"
        guard let processor = fields.object[processorName]?.object else {
            require(["ItemProcessor"], in: fields)
            return nil
        }
        let processorFields = Fields(object: processor, location: fields.at(processorName))
        let mode = readMode(processorFields)
        if mode == "INLINE" {
            for name in ["ItemReader", "ItemBatcher", "ResultWriter"] where fields.object[name] != nil {
                report("Field '\(name)' is only supported in DISTRIBUTED mode", at: fields)
            }
        }
        if processor["QueryLanguage"] != nil { report("Field 'QueryLanguage' is not supported", at: processorFields) }
        if mode == "DISTRIBUTED", workflow == .express {
            report("Express state machine does not support Map state with mode 'DISTRIBUTED'", at: fields)
        }
        let outer = workflow
        if mode == "DISTRIBUTED", processor["ProcessorConfig"]?["ExecutionType"] == "EXPRESS" { workflow = .express }
        defer { workflow = outer }
        guard let block = readBlock(processorFields) else { return nil }
        let label = string("Label", in: fields)
        if let label { checkLabel(label, in: fields) }
        let selectorName = fields.object["ItemSelector"] != nil ? "ItemSelector" : "Parameters"
        return MapState(
            processor: block, isDistributed: mode == "DISTRIBUTED",
            itemsPath: pathField("ItemsPath", in: fields),
            items: language == .jsonata ? template("Items", in: fields, language: language) : nil,
            reader: readItemReader(fields, language: language),
            writer: readResultWriter(fields, language: language), batcher: readItemBatcher(fields, language: language),
            itemSelector: template(selectorName, in: fields, language: language),
            maxConcurrency: number(
                "MaxConcurrency", in: fields, language: language, kind: .integer, within: 0...Self.unlimited),
            toleratedFailureCount: number(
                "ToleratedFailureCount", in: fields, language: language, kind: .integer, within: 0...Self.unlimited),
            toleratedFailurePercentage: number(
                "ToleratedFailurePercentage", in: fields, language: language, kind: .float, within: 0...100),
            label: label)
    }

    /// `INLINE` or `DISTRIBUTED`.
    private mutating func readMode(_ processor: Fields) -> String {
        guard let value = processor.object["ProcessorConfig"] else { return "INLINE" }
        guard let object = value.object else {
            report("Expected value of type Object", at: processor, field: "ProcessorConfig")
            return "INLINE"
        }
        let config = Fields(object: object, location: processor.at("ProcessorConfig"))
        let mode = choice("Mode", of: ["INLINE", "DISTRIBUTED"], in: config) ?? "INLINE"
        let type = choice("ExecutionType", of: ["STANDARD", "EXPRESS"], in: config)
        if mode == "DISTRIBUTED", type == nil { require(["ExecutionType"], in: config) }
        return mode
    }

    /// - SeeAlso: <https://docs.aws.amazon.com/step-functions/latest/dg/state-map-distributed.html>
    private mutating func checkLabel(_ label: String, in fields: Fields) {
        guard (1...40).contains(label.count) else {
            report("Label must have between 1 and 40 characters", at: fields, field: "Label")
            return
        }
        let forbidden = label.unicodeScalars.first { scalar in
            "?*<>{}[]:;,\\|^~$#%&`\"/".unicodeScalars.contains(scalar) || scalar.properties.isWhitespace
                || scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value)
        }
        if let forbidden {
            report("Label contains invalid character: '\(forbidden)'", at: fields, field: "Label")
        }
    }
}

extension MapState {
    func items(in scope: inout Scope, language: QueryLanguage) throws(ASLFault) -> [JSON] {
        if language == .jsonata {
            let value = try items?.evaluate(in: &scope) ?? scope.input
            if case .array(let elements) = value { return elements }
            guard let expression = items?.expressions.first else {
                throw .query("Map state input must be an array but was: \(value.text)", at: nil)
            }
            throw .unexpectedResult(value, of: expression, expected: "array")
        }
        let value = try itemsPath.apply(to: scope.input, in: scope)
        guard case .array(let items) = value else {
            throw .runtime("Reference path \"\(itemsPathText)\" must point to array.")
        }
        return items
    }

    /// The path in the words of the error text, where the context object's `$$` is `$` too.
    private var itemsPathText: String {
        guard case .path(let path) = itemsPath else { return "$" }
        return path.root == .context ? String(path.text.dropFirst()) : path.text
    }

    /// How many failed iterations the map tolerates; nil when it sets no number.
    func tolerance(of count: Int, in scope: inout Scope) throws(ASLFault) -> Int? {
        let absolute = try toleratedFailureCount?.integer(in: &scope)
        if let absolute, absolute < 0 { throw .runtime("ToleratedFailureCount cannot be negative.") }
        let share = try toleratedFailurePercentage?.value(in: &scope)
        if let share, !(0...100).contains(share) {
            throw .runtime("ToleratedFailurePercentage must be between 0 and 100.")
        }
        guard absolute != nil || share != nil else { return nil }
        return max(absolute ?? 0, Int(clamping: Double(count) * (share ?? 0) / 100))
    }
}
