internal import ASL
internal import EmulatorCore
internal import JSON
internal import Time

/// TestState, which runs a single state.
extension StepFunctionsService {
    /// - SeeAlso: <https://docs.aws.amazon.com/step-functions/latest/apireference/API_TestState.html>
    func testState(_ input: JSON) async throws -> JSON {
        let mock = try Self.mock(input["mock"])
        if mock != nil, input["revealSecrets"]?.bool == true {
            throw AWSFault.stepFunctionsValidation("TestState does not support RevealSecrets when a mock is specified.")
        }
        let configuration = input["stateConfiguration"] ?? [:]
        if mock == nil, configuration["mapIterationFailureCount"] != nil {
            throw AWSFault.stepFunctionsValidation(
                "TestState does not support MapIterationFailureCount when a mock is not specified.")
        }
        var conditions = StateTest.Conditions()
        conditions.mock = mock
        conditions.context = try input["context"]?.string.map { try Self.parsed($0, "context") }
        for (name, value) in try input["variables"]?.string.map({ try Self.parsed($0, "variables") })?.object ?? [:] {
            conditions.variables[name] = value
        }
        conditions.retryCount = configuration["retrierRetryCount"]?.int ?? 0
        conditions.failedIterations = configuration["mapIterationFailureCount"]?.int ?? 0
        conditions.readData = configuration["mapItemReaderData"]?.string
        let document = try Self.parsed(input["input"]?.string ?? "{}", "input")
        var test = try stateTest(input, document: document, conditions)
        try Self.check(test, input, conditions)
        return try await run(&test, input, document: document)
    }

    private func run(_ test: inout StateTest, _ input: JSON, document: JSON) async throws -> JSON {
        let now = clock.now()
        let verdict: StateTest.Verdict
        let prepared = test
        let (begun, progress) = await InterpreterThreads.shared.run {
            var test = prepared
            let progress = test.run(at: now, seed: UInt64.random(in: 0...UInt64(Int64.max)))
            return (test, progress)
        }
        test = begun
        switch progress {
        case .done(let result): verdict = result
        case .call(let request):
            let outcome: Outcome
            do {
                outcome = .succeeded(output: try await answer(to: request))
            } catch let failure as TaskFailure {
                outcome = .failed(failure.output)
            }
            verdict = test.finish(outcome, of: request, at: now)
        }
        var answer: JSONObject = ["status": .string(verdict.status.rawValue)]
        answer["output"] = .text(verdict.output?.text)
        answer["nextState"] = .text(verdict.nextState)
        if let failure = verdict.failure { answer.add(.failed(failure)) }
        if let level = input["inspectionLevel"]?.string, level != "INFO" {
            var inspection = verdict.inspection
            inspection["input"] = .string(document.text)
            answer["inspectionData"] = .object(inspection)
        }
        return .object(answer)
    }

    /// The state from a definition, which is either a whole state machine or one state.
    private func stateTest(_ input: JSON, document: JSON, _ conditions: StateTest.Conditions) throws -> StateTest {
        let definition = try input.required("definition")
        try Self.checkSize(ofDefinition: definition)
        let stateName: String
        let machine: StateMachine
        do {
            if let name = input["stateName"]?.string {
                stateName = name
                machine = try StateMachine(definition, workflow: .standard)
            } else {
                stateName = "StateName"
                machine = try StateMachine(singleState: definition, named: stateName)
            }
        } catch {
            throw AWSFault("InvalidDefinition", error.description)
        }
        let name = clock.uuid()
        let identity = Execution.Identity(
            arn: account.arn("states", "express:\(name):\(name):\(clock.uuid())"), name: name,
            roleARN: input["roleArn"]?.string ?? account.arn("iam", "role/none"),
            startedAt: clock.now(),
            stateMachineARN: account.arn("states", "stateMachine:\(name)"), stateMachineName: name,
            region: account.region)
        guard
            let test = StateTest(of: stateName, in: machine, as: identity, input: document, under: conditions)
        else { throw AWSFault.stepFunctionsValidation("State not found in definition") }
        return test
    }

    private static func mock(_ json: JSON?) throws(AWSFault) -> StateTest.Mock? {
        guard let json else { return nil }
        if json["result"] != nil, json["errorOutput"] != nil {
            throw .stepFunctionsValidation(
                "A test mock should have only one of the following fields: [result, errorOutput].")
        }
        if let text = json["result"]?.string {
            guard let result = try? JSON(parsing: text) else {
                throw .stepFunctionsValidation("Mocked result must be valid JSON")
            }
            return .result(result)
        }
        guard let failure = json["errorOutput"] else { return nil }
        return .error(ErrorOutput(error: failure["error"]?.string, cause: failure["cause"]?.string))
    }

    private static func parsed(_ text: String, _ field: String) throws(AWSFault) -> JSON {
        do {
            return try JSON(parsing: text)
        } catch {
            throw .stepFunctionsValidation("The \(field) is \(error)")
        }
    }

    private static func check(_ test: StateTest, _ input: JSON, _ conditions: StateTest.Conditions) throws(AWSFault) {
        let type = test.stateType
        let isFan = type == "Map" || type == "Parallel"
        guard let mock = conditions.mock else {
            if isFan {
                throw AWSFault(
                    "InvalidDefinition",
                    "TestState API does not support Map or Parallel states. Supported state types include: "
                        + "[Task, Wait, Pass, Succeed, Fail, Choice]")
            }
            if type == "Task", let pattern = test.pattern, pattern != .requestResponse {
                throw AWSFault(
                    "InvalidDefinition",
                    "TestState API does not support '\(pattern.rawValue)' service integrations without a mock")
            }
            if type == "Task", input["roleArn"] == nil {
                throw .stepFunctionsValidation("RoleArn must be specified when testing a Task state")
            }
            if let context = conditions.context { try check(context, test) }
            return
        }
        guard isFan || type == "Task" else {
            throw .stepFunctionsValidation("State type '\(type)' is not supported when a mock is specified")
        }
        if let context = conditions.context { try check(context, test) }
        guard case .result(let result) = mock else { return }
        if test.writesResults {
            guard result.object != nil else { throw .stepFunctionsValidation("Mocked result must be a JSON object.") }
        } else if isFan {
            guard let elements = result.array else { throw .stepFunctionsValidation("Mocked result must be an array.") }
            if let count = test.branchCount, count != elements.count {
                throw .stepFunctionsValidation(
                    "Mocked result must contain the same number of items as number of Parallel branches.")
            }
        } else if let resource = test.resource {
            let mode = input["mock"]?["fieldValidationMode"]?.string ?? "STRICT"
            try ResponseShape.check(result, against: resource, mode: mode)
        }
    }

    /// Checks that a caller's context object has only the fields of AWS's own.
    private static func check(_ context: JSON, _ test: StateTest) throws(AWSFault) {
        func refuse(_ reason: String) -> AWSFault {
            .stepFunctionsValidation("Invalid Context object provided: \(reason)")
        }
        let allowed: [String: [String]] = [
            "Execution": ["Id", "Input", "Name", "RoleArn", "StartTime", "RedriveCount", "RedriveTime"],
            "State": ["EnteredTime", "Name", "RetryCount"], "StateMachine": ["Id", "Name"], "Task": ["Token"],
        ]
        guard let sections = context.object else { throw refuse("Context must be an object") }
        for (section, value) in sections {
            if section == "Map" {
                throw refuse("'Map' field is not supported when mocking a Context object")
            }
            guard let fields = allowed[section] else { throw refuse("Field '\(section)' is not allowed") }
            if section == "Task", test.pattern == nil || test.pattern == .requestResponse {
                throw refuse(
                    "Context object contains 'Task' when state is not a Task state with a '.sync' or "
                        + "'.waitForTaskToken' service integration pattern")
            }
            guard let members = value.object else { throw refuse("\(section) must be an object") }
            for (field, content) in members {
                guard fields.contains(field) else { throw refuse("Field '\(field)' is not allowed") }
                let isText = !["Input", "RetryCount", "RedriveCount"].contains(field)
                if isText, content.string == nil { throw refuse("\(section).\(field) must be a string") }
                if field.hasSuffix("Count"), content.int == nil { throw refuse("\(section).\(field) must be a number") }
            }
        }
    }
}
