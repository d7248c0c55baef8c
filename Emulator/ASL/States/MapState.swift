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
        let processorName = fields.object["ItemProcessor"] != nil ? "ItemProcessor" : "Iterator"
        guard let processor = fields.object[processorName]?.object else {
            require(["ItemProcessor"], in: fields)
            return nil
        }
        let mode = processor["ProcessorConfig"]?["Mode"]?.string ?? "INLINE"
        guard let block = readBlock(Fields(object: processor, location: fields.at(processorName))) else { return nil }
        let label = string("Label", in: fields)
        if let label { checkLabel(label, in: fields) }
        let selectorName = fields.object["ItemSelector"] != nil ? "ItemSelector" : "Parameters"
        return MapState(
            processor: block, isDistributed: mode == "DISTRIBUTED",
            itemsPath: pathField("ItemsPath", in: fields),
            items: language == .jsonata ? template("Items", in: fields, language: language) : nil,
            itemSelector: template(selectorName, in: fields, language: language),
            maxConcurrency: number("MaxConcurrency", in: fields, language: language, kind: .integer),
            toleratedFailureCount: number("ToleratedFailureCount", in: fields, language: language, kind: .integer),
            toleratedFailurePercentage: number(
                "ToleratedFailurePercentage", in: fields, language: language, kind: .float),
            label: label)
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

extension Execution {
    mutating func runMap(_ map: MapState, in id: BranchID) {
        attempt(id) { (execution, visit, scope) throws(ASLFault) in
            let limit = try map.maxConcurrency?.value(in: &scope) ?? 0
            let items = try map.items(in: &scope, language: visit.state.flow.language)
            execution.emit("MapStateStarted", ["length": .int(items.count)], in: id)
            let tolerance = try map.tolerance(of: items.count, in: &scope)
            if map.isDistributed { execution.startMapRun(map, in: id, scope: &scope) }
            let most = map.isDistributed ? Self.distributedConcurrency : Self.inlineConcurrency
            let progress = MapProgress(
                state: map, items: items, concurrency: limit < 1 ? most : min(most, Int(limit)),
                tolerance: tolerance)
            execution.fans[id] = Fan(results: Array(repeating: nil, count: items.count), map: progress)
            execution.branches[id]?.visit?.pending = .fan
            guard !items.isEmpty else { return execution.mapCompleted(id) }
            while let fan = execution.fans[id], fan.active.count < progress.concurrency, fan.nextSlot < items.count {
                try execution.startIteration(of: id, scope: &scope)
            }
        }
    }

    /// How many iterations run side by side at most.
    /// - SeeAlso: <https://docs.aws.amazon.com/step-functions/latest/dg/state-map-inline.html>
    private static let inlineConcurrency = 40
    private static let distributedConcurrency = 1000

    private mutating func startMapRun(_ map: MapState, in id: BranchID, scope: inout Scope) {
        let name = "\(identity.stateMachineName)/\(map.label ?? scope.random.uuid()):\(scope.random.uuid())"
        let arn = identity.stateMachineARN.split(separator: ":").prefix(5).joined(separator: ":") + ":mapRun:" + name
        emit("MapRunStarted", ["mapRunArn": .string(arn)], in: id)
    }

    private mutating func startIteration(of owner: BranchID, scope: inout Scope) throws(ASLFault) {
        guard let fan = fans[owner], let progress = fan.map, let branch = branches[owner] else { return }
        let slot = fan.nextSlot
        let item = progress.items[slot]
        let mapContext: JSON = ["Item": ["Index": .int(slot), "Value": item]]
        var input = item
        if let selector = progress.state.itemSelector {
            let outer = scope.context
            if var context = outer.object {
                context["Map"] = mapContext
                scope.context = .object(context)
            }
            defer { scope.context = outer }
            input = try selector.evaluate(in: &scope)
        }
        fans[owner]?.nextSlot += 1
        let started = emitIteration("Started", slot, of: owner, isPassedBy: true)
        let child = addBranch(
            Branch(
                block: progress.state.processor, owner: owner, slot: slot, stateName: progress.state.processor.startAt,
                input: input, variables: branch.variables, mapContext: mapContext, lastEventID: started,
                isSilent: branch.isSilent || progress.state.isDistributed))
        fans[owner]?.active[child] = slot
    }

    /// Records what became of an iteration; a distributed Map keeps that to itself.
    @discardableResult
    mutating func emitIteration(_ what: String, _ slot: Int, of owner: BranchID, isPassedBy: Bool) -> Int {
        guard let progress = fans[owner]?.map, let name = branches[owner]?.visit?.state.name,
            !progress.state.isDistributed
        else { return branches[owner]?.lastEventID ?? 0 }
        return emit(
            "MapIteration\(what)", ["name": .string(name), "index": .int(slot)], in: owner, isPassedBy: isPassedBy)
    }

    /// Starts the next iteration, or ends the Map state after the last one.
    mutating func iterationSucceeded(_ slot: Int, of owner: BranchID) {
        guard let fan = fans[owner], let progress = fan.map else { return }
        emitIteration("Succeeded", slot, of: owner, isPassedBy: !fan.isComplete)
        if fan.isComplete { return mapCompleted(owner) }
        guard fan.nextSlot < progress.items.count else { return }
        attempt(owner) { (execution, _, scope) throws(ASLFault) in
            try execution.startIteration(of: owner, scope: &scope)
        }
    }

    private mutating func mapCompleted(_ owner: BranchID) {
        guard let progress = fans[owner]?.map else { return }
        if progress.state.isDistributed { emit("MapRunSucceeded", in: owner) }
        emit("MapStateSucceeded", in: owner, isPassedBy: true)
        fanCompleted(owner)
    }
}

extension MapState {
    fileprivate func items(in scope: inout Scope, language: QueryLanguage) throws(ASLFault) -> [JSON] {
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
            throw .runtime(
                "Reference path \"\(itemsPathText)\" must point to array. Value: \(value.text)")
        }
        return items
    }

    private var itemsPathText: String { if case .path(let path) = itemsPath { path.text } else { "$" } }

    /// How many failed iterations the map survives.
    fileprivate func tolerance(of count: Int, in scope: inout Scope) throws(ASLFault) -> Int {
        let absolute = try toleratedFailureCount?.value(in: &scope)
        if let absolute, absolute < 0 { throw .runtime("ToleratedFailureCount cannot be negative.") }
        let share = try toleratedFailurePercentage?.value(in: &scope)
        if let share, !(0...100).contains(share) {
            throw .runtime("ToleratedFailurePercentage must be between 0 and 100.")
        }
        guard absolute != nil || share != nil else { return 0 }
        return max(Int(absolute ?? 0), Int(Double(count) * (share ?? 0) / 100))
    }
}
