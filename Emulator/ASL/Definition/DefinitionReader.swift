internal import JSON

/// Turns the text of a definition into a machine, and gathers everything that is wrong with it on the way.
struct DefinitionReader {
    /// The workflow of the states being read: items of a distributed Map may be express workflows.
    var workflow: StateMachine.Workflow
    /// The language of states that name none.
    var machineLanguage = QueryLanguage.jsonPath
    var diagnostics: [Diagnostic] = []
    /// Where the states of the block being read lead to.
    var transitions: [Transition] = []
    /// The state being read.
    var stateName = ""
    /// All names of states read so far; each may occur once in a machine.
    private var stateNames: Set<String> = []
    /// False for a state on its own, whose targets are not there.
    var checksTargets = true
    /// The variables that the state being read reads.
    var variablesRead: Set<String> = []

    static func read(_ text: String, workflow: StateMachine.Workflow) throws(InvalidDefinition) -> StateMachine {
        var reader = DefinitionReader(workflow: workflow)
        let machine = reader.readMachine(text)
        guard let machine, reader.diagnostics.isEmpty else {
            throw InvalidDefinition(diagnostics: reader.diagnostics)
        }
        return machine
    }

    /// Reads one state as if it were the only one of a machine.
    static func read(singleState text: String, named name: String) throws(InvalidDefinition) -> StateMachine {
        var reader = DefinitionReader(workflow: .standard)
        reader.checksTargets = false
        guard let state = try? JSON(parsing: text) else { return try read(text, workflow: .standard) }
        let machine: JSON = ["StartAt": .string(name), "States": .object(JSONObject([(name, state)]))]
        let found = reader.readMachine(machine.text)
        guard let found, reader.diagnostics.isEmpty else { throw InvalidDefinition(diagnostics: reader.diagnostics) }
        return found
    }

    private mutating func readMachine(_ text: String) -> StateMachine? {
        let document: JSON
        do {
            document = try JSON(parsing: text)
        } catch {
            diagnostics.append(.invalidJSON(text, error))
            return nil
        }
        guard case .object(let object) = document else {
            diagnostics.append(.schema("Definition must be a valid JSON object", at: nil))
            return nil
        }
        let fields = Fields(object: object, location: "")
        machineLanguage = readLanguage(fields)
        checkTexts(of: fields)
        if let version = string("Version", in: fields), version != "1.0" {
            report("Value is not valid. Valid values are: 1.0", at: fields, field: "Version")
        }
        let timeout = integer("TimeoutSeconds", in: fields, atLeast: 1, atMost: 99_999_999)
        guard let block = readBlock(fields) else { return nil }
        checkScopes(of: fields)
        return StateMachine(
            comment: object["Comment"]?.string, timeoutInSeconds: timeout, workflow: workflow, block: block)
    }

    private mutating func checkTexts(of fields: Fields) { _ = string("Comment", in: fields) }

    private mutating func readLanguage(_ fields: Fields) -> QueryLanguage {
        guard let name = string("QueryLanguage", in: fields) else { return machineLanguage }
        guard let language = QueryLanguage(rawValue: name) else {
            report("Value is not valid. Valid values are: JSONPath, JSONata", at: fields, field: "QueryLanguage")
            return machineLanguage
        }
        return language
    }

    /// Reads `StartAt` and `States`.
    mutating func readBlock(_ fields: Fields) -> StateBlock? {
        require(["States", "StartAt"], in: fields)
        guard let states = fields.object["States"] else { return nil }
        guard let members = states.object else {
            report("Expected value of type Object", at: fields, field: "States")
            return nil
        }
        guard !members.isEmpty else {
            report("Value cannot be empty", at: fields, field: "States")
            return nil
        }
        let outer = (transitions, stateName)
        transitions = []
        defer { (transitions, stateName) = outer }
        var found: [State] = []
        for (name, value) in members {
            let location = "\(fields.at("States"))/\(name)"
            guard let object = value.object else {
                diagnostics.append(.schema("Expected value of type Object", at: location))
                continue
            }
            if !stateNames.insert(name).inserted {
                diagnostics.append(
                    Diagnostic(
                        code: "DUPLICATE_STATE_NAME", message: "Duplicate State name: \(name)", location: location))
            }
            if name.count > Self.longestName {
                diagnostics.append(
                    .schema("State name exceeds the maximum length of \(Self.longestName) characters", at: location))
            }
            stateName = name
            if let state = readState(name, Fields(object: object, location: location)) {
                found.append(state)
            }
        }
        guard let startAt = string("StartAt", in: fields) else { return nil }
        if checksTargets {
            checkTransitions(transitions, startAt: startAt, states: found, names: members.names, in: fields)
        }
        return StateBlock(startAt: startAt, states: found)
    }

    /// - SeeAlso: <https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html>
    private static let longestName = 80

    mutating func leads(to target: String, at location: String) {
        transitions.append(Transition(from: stateName, to: target, location: location))
    }

    private mutating func readState(_ name: String, _ fields: Fields) -> State? {
        guard let type = string("Type", in: fields) else {
            require(["Type"], in: fields)
            return nil
        }
        let variablesOfOuter = variablesRead
        variablesRead = []
        defer { variablesRead = variablesOfOuter }
        let language = readLanguage(fields)
        if machineLanguage == .jsonata, language == .jsonPath {
            report("'QueryLanguage' can not be 'JSONPath' if set to 'JSONata' for whole state machine", at: fields)
        }
        checkFields(type, fields, language: language)
        checkTexts(of: fields)
        guard let kind = readKind(type, fields, language: language) else { return nil }
        let flow = readFlow(kind, fields, language: language)
        return State(name: name, kind: kind, flow: flow, variablesRead: variablesRead.sorted())
    }

    private mutating func readKind(_ type: String, _ fields: Fields, language: QueryLanguage) -> State.Kind? {
        switch type {
        case "Pass": return .pass(readPass(fields))
        case "Task": return readTask(fields, language: language).map { .task($0) }
        case "Choice": return .choice(readChoice(fields, language: language))
        case "Wait": return readWait(fields, language: language).map { .wait($0) }
        case "Succeed": return .succeed
        case "Fail": return .fail(readFail(fields, language: language))
        case "Parallel": return .parallel(readParallel(fields))
        case "Map": return readMap(fields, language: language).map { .map($0) }
        default:
            report(
                "Value is not valid. Valid values are: Task, Wait, Pass, Succeed, Fail, Choice, Parallel, Map",
                at: fields, field: "Type")
            return nil
        }
    }

    private mutating func readFlow(_ kind: State.Kind, _ fields: Fields, language: QueryLanguage) -> Flow {
        var flow = Flow()
        flow.language = language
        flow.assign = readAssign(fields, language: language)
        if language == .jsonPath {
            flow.inputPath = pathField("InputPath", in: fields)
            flow.outputPath = pathField("OutputPath", in: fields)
            flow.parameters = parameters(of: kind, fields, language: language)
            flow.resultSelector = template("ResultSelector", in: fields, language: language)
            flow.resultPath = readResultPath(fields)
        } else {
            flow.parameters = template("Arguments", in: fields, language: language)
            flow.output = template("Output", in: fields, language: language)
        }
        flow.retriers = readRetriers(fields)
        flow.catchers = readCatchers(fields, language: language)
        flow.next = readNext(kind, fields)
        return flow
    }

    /// A Map state's `Parameters` are the old name of its `ItemSelector`, and belong to the items.
    private mutating func parameters(of kind: State.Kind, _ fields: Fields, language: QueryLanguage) -> Template? {
        if case .map = kind { return nil }
        return template("Parameters", in: fields, language: language)
    }

    private mutating func readNext(_ kind: State.Kind, _ fields: Fields) -> Next {
        switch kind {
        case .choice, .succeed, .fail: return .end
        default: break
        }
        if let end = fields.object["End"], end.bool == nil {
            report("Expected value of type Boolean", at: fields, field: "End")
        }
        if let next = string("Next", in: fields) {
            if fields.object["End"]?.bool == true { report("Exactly one of 'Next' or 'End' is required", at: fields) }
            leads(to: next, at: fields.at("Next"))
            return .state(next)
        }
        if fields.object["End"]?.bool != true {
            report("Exactly one of 'Next' or 'End' is required", at: fields)
        }
        return .end
    }
}

extension Diagnostic {
    static func transition(_ message: String, at location: String?) -> Diagnostic {
        Diagnostic(code: "MISSING_TRANSITION_TARGET", message: message, location: location)
    }

    /// A text that is not JSON, in the words of the parser that Step Functions uses.
    static func invalidJSON(_ text: String, _ error: JSONError) -> Diagnostic {
        guard !text.allSatisfy(\.isWhitespace) else {
            return .schema("Definition must be a valid JSON object", at: nil)
        }
        let bytes = Array(text.utf8)
        let word = bytes[min(error.byte, bytes.count)...].prefix { $0 > 0x20 && $0 != UInt8(ascii: ",") }
        let before = bytes[..<min(error.byte + word.count, bytes.count)]
        let line = before.count { $0 == 0x0A } + 1
        let column = before.count - (before.lastIndex(of: 0x0A).map { $0 + 1 } ?? 0) + 1
        let source = "[Source: (String)\"\(text)\"; line: \(line), column: \(column)]"
        return Diagnostic(
            code: "INVALID_JSON_DESCRIPTION",
            message:
                "Unrecognized token '\(String(decoding: word, as: UTF8.self))': was expecting (JSON String, Number, "
                + "Array, Object or token 'null', 'true' or 'false')\n at \(source)",
            location: source)
    }
}
