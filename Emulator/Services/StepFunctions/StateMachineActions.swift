internal import ASL
internal import EmulatorCore
internal import JSON
internal import Time

/// Operations that create and change state machines.
extension StepFunctionsService {
    private static let loggingOff: JSON = ["level": "OFF", "includeExecutionData": false]
    private static let tracingOff: JSON = ["enabled": false]

    /// - SeeAlso: <https://docs.aws.amazon.com/step-functions/latest/apireference/API_CreateStateMachine.html>
    func createStateMachine(_ input: JSON) async throws -> JSON {
        let name = try input.required("name")
        try Self.checkName(name)
        let definition = try input.required("definition")
        let role = try input.required("roleArn")
        try Self.checkRole(role)
        try Self.check("type", of: input, in: Self.workflowTypes)
        try Self.checkEncryption(input)
        let workflow = StateMachine.Workflow(rawValue: input["type"]?.string ?? "STANDARD") ?? .standard
        let logging = try Self.logging(input["loggingConfiguration"])
        try await checkLogGroup(of: logging)
        let tracing = input["tracingConfiguration"] ?? Self.tracingOff
        let description = input["versionDescription"]?.string
        let publishes = input["publish"]?.bool ?? false
        if description != nil, !publishes {
            throw AWSFault.stepFunctionsValidation("Version description can only be set when publish is true")
        }
        _ = try parsed(definition, workflow)
        let arn = account.arn("states", "stateMachine:\(name)")
        let tags = try Tags(input["tags"])
        let now = clock.now().milliseconds
        return try await store.write { transaction in
            if let existing = try transaction.snapshot.stateMachine(StateMachineARN(arn)) {
                guard existing.revision.definition == definition, existing.revision.roleARN == role,
                    existing.workflow == workflow, existing.revision.logging == logging,
                    existing.revision.tracing == tracing
                else { throw AWSFault.stateMachineAlreadyExists(arn) }
                var answer: JSONObject = [
                    "stateMachineArn": .string(arn), "creationDate": Timestamp.json(existing.createdAt),
                ]
                if publishes {
                    answer["stateMachineVersionArn"] = .string(
                        try transaction.publish(existing, description: description, at: now).arn)
                }
                return .object(answer)
            }
            let revision = try transaction.addRevision(
                id: nil, definition: definition, role: role, logging: logging, tracing: tracing, at: now)
            try transaction.execute(
                "INSERT INTO state_machines (arn, name, type, created_at, revision) VALUES (?, ?, ?, ?, ?)",
                .text(arn), .text(name), .text(workflow.rawValue), .integer(now), .integer(revision))
            try transaction.setTags(tags, of: arn)
            var answer: JSONObject = ["stateMachineArn": .string(arn), "creationDate": Timestamp.json(now)]
            if publishes, let machine = try transaction.snapshot.stateMachine(StateMachineARN(arn)) {
                answer["stateMachineVersionArn"] = .string(
                    try transaction.publish(machine, description: description, at: now).arn)
            }
            return .object(answer)
        }
    }

    /// - SeeAlso: <https://docs.aws.amazon.com/step-functions/latest/apireference/API_UpdateStateMachine.html>
    func updateStateMachine(_ input: JSON) async throws -> JSON {
        let text = try input.required("stateMachineArn")
        let arn = try StateMachineARN(text)
        guard arn.qualifier == nil else { throw AWSFault.stateMachineDoesNotExist(text) }
        let names = ["definition", "roleArn", "loggingConfiguration", "tracingConfiguration"]
        guard names.contains(where: { input[$0] != nil }) else {
            throw AWSFault(
                "MissingRequiredParameter",
                "Either the definition, the role ARN, the LoggingConfiguration, or the TracingConfiguration must be "
                    + "specified")
        }
        if let role = input["roleArn"]?.string { try Self.checkRole(role) }
        try Self.checkEncryption(input)
        let logging = try input["loggingConfiguration"].map { try Self.logging($0) }
        if let logging { try await checkLogGroup(of: logging) }
        let description = input["versionDescription"]?.string
        let publishes = input["publish"]?.bool ?? false
        if description != nil, !publishes {
            throw AWSFault.stepFunctionsValidation("Version description can only be set when publish is true")
        }
        if let definition = input["definition"]?.string, let machine = try store.read({ try $0.stateMachine(arn) }) {
            _ = try parsed(definition, machine.workflow)
        }
        let now = clock.now().milliseconds
        let revisionID = clock.uuid()
        return try await store.write { transaction in
            guard let machine = try transaction.snapshot.stateMachine(arn) else {
                throw AWSFault.stateMachineDoesNotExist(arn.machine)
            }
            let current = machine.revision
            let revision = try transaction.addRevision(
                id: revisionID, definition: input["definition"]?.string ?? current.definition,
                role: input["roleArn"]?.string ?? current.roleARN, logging: logging ?? current.logging,
                tracing: input["tracingConfiguration"] ?? current.tracing, at: now)
            try transaction.execute(
                "UPDATE state_machines SET revision = ? WHERE id = ?", .integer(revision), .integer(machine.id))
            var answer: JSONObject = ["updateDate": Timestamp.json(now), "revisionId": .string(revisionID)]
            if publishes, let machine = try transaction.snapshot.stateMachine(arn) {
                answer["stateMachineVersionArn"] = .string(
                    try transaction.publish(machine, description: description, at: now).arn)
            }
            return .object(answer)
        }
    }

    /// - SeeAlso: <https://docs.aws.amazon.com/step-functions/latest/apireference/API_DeleteStateMachine.html>
    func deleteStateMachine(_ input: JSON) async throws -> JSON {
        let arn = try StateMachineARN(try input.required("stateMachineArn"))
        let running = try await store.write { transaction -> [String] in
            guard let machine = try transaction.snapshot.stateMachine(arn) else { return [] }
            for table in ["state_machine_versions", "state_machine_aliases"] {
                try transaction.execute("DELETE FROM \(table) WHERE machine = ?", .integer(machine.id))
            }
            try transaction.execute("DELETE FROM state_machines WHERE id = ?", .integer(machine.id))
            try transaction.execute("DELETE FROM state_tags WHERE resource = ?", .text(arn.machine))
            return try transaction.snapshot.all(
                "SELECT arn FROM executions WHERE machine = ? AND status = 'RUNNING'", .integer(machine.id)
            ) { $0.text(0) }
        }
        for execution in running { await runner(of: execution)?.give(.aborted(ErrorOutput(error: nil, cause: nil))) }
        forgetMachines()
        return [:]
    }

    /// - SeeAlso: <https://docs.aws.amazon.com/step-functions/latest/apireference/API_DescribeStateMachine.html>
    func describeStateMachine(_ input: JSON) throws -> JSON {
        let text = try input.required("stateMachineArn")
        guard let machine = try store.read({ try $0.stateMachine(StateMachineARN(text)) }) else {
            throw AWSFault.stateMachineDoesNotExist(text)
        }
        var answer = Self.description(of: machine.revision)
        if try !Self.includesData(input) { answer["definition"] = nil }
        answer["stateMachineArn"] = .string(machine.versionARN ?? machine.arn)
        answer["name"] = .string(machine.name)
        answer["status"] = "ACTIVE"
        answer["type"] = .string(machine.workflow.rawValue)
        answer["creationDate"] = Timestamp.json(machine.version?.createdAt ?? machine.createdAt)
        answer["description"] = .text(machine.version?.description)
        addVariables(of: machine.revision, machine.workflow, to: &answer)
        return .object(answer)
    }

    /// - SeeAlso: <https://docs.aws.amazon.com/step-functions/latest/apireference/API_DescribeStateMachineForExecution.html>
    func describeStateMachineForExecution(_ input: JSON) throws -> JSON {
        let execution = try execution(try input.required("executionArn"))
        guard let revision = try store.read({ try $0.revision(execution.revision) }) else {
            throw AWSFault.executionDoesNotExist(execution.arn)
        }
        var answer = Self.description(of: revision)
        if try !Self.includesData(input) { answer["definition"] = nil }
        answer["stateMachineArn"] = .string(execution.machineARN)
        answer["name"] = .text(execution.machineARN.split(separator: ":").last.map(String.init))
        answer["updateDate"] = Timestamp.json(revision.updatedAt)
        addVariables(of: revision, .standard, to: &answer)
        return .object(answer)
    }

    private static func description(of revision: StateMachineRevision) -> JSONObject {
        var answer: JSONObject = [
            "definition": .string(revision.definition), "roleArn": .string(revision.roleARN),
            "loggingConfiguration": revision.logging, "tracingConfiguration": revision.tracing,
        ]
        answer["revisionId"] = .text(revision.revisionID)
        return answer
    }

    /// Adds the variables that each state reads, if the state machine has variables.
    private func addVariables(
        of revision: StateMachineRevision, _ workflow: StateMachine.Workflow, to answer: inout JSONObject
    ) {
        guard let machine = try? machine(of: revision, workflow: workflow), machine.usesVariables else { return }
        let references = machine.variableReferences
        if !references.isEmpty {
            answer["variableReferences"] = .object(
                JSONObject(references.map { ($0.state, .array($0.variables.map { .string($0) })) }))
        }
        answer["encryptionConfiguration"] = ["type": "AWS_OWNED_KEY"]
    }

    /// - SeeAlso: <https://docs.aws.amazon.com/step-functions/latest/apireference/API_ListStateMachines.html>
    func listStateMachines(_ input: JSON) throws -> JSON {
        let page = try Page(input)
        let rows = try store.read { snapshot in
            try snapshot.all(
                "SELECT id, arn, name, type, created_at FROM state_machines WHERE id > ? ORDER BY id LIMIT ?",
                .integer(page.after), .integer(page.size + 1)
            ) { row in
                (
                    id: row.integer(0),
                    json: [
                        "stateMachineArn": .string(row.text(1)), "name": .string(row.text(2)),
                        "type": .string(row.text(3)), "creationDate": Timestamp.json(row.integer(4)),
                    ] as JSON
                )
            }
        }
        return page.answer("stateMachines", rows)
    }

    /// - SeeAlso: <https://docs.aws.amazon.com/step-functions/latest/apireference/API_ValidateStateMachineDefinition.html>
    func validateDefinition(_ input: JSON) throws -> JSON {
        try Self.check("type", of: input, in: Self.workflowTypes)
        try Self.check("severity", of: input, in: ["ERROR", "WARNING"])
        let workflow = StateMachine.Workflow(rawValue: input["type"]?.string ?? "STANDARD") ?? .standard
        let definition = try input.required("definition")
        try Self.checkSize(ofDefinition: definition)
        let asked = input["maxResults"]?.int ?? 0
        guard (0...Self.mostDiagnostics).contains(asked) else {
            throw AWSFault.constraint(
                "\(asked)", at: "maxResults",
                "have value \(asked < 0 ? "greater than or equal to 0" : "less than or equal to \(Self.mostDiagnostics)")"
            )
        }
        let most = asked == 0 ? Self.mostDiagnostics : asked
        do {
            _ = try StateMachine(definition, workflow: workflow)
        } catch {
            return Self.verdict("FAIL", error.diagnostics.map { Self.document(of: $0, "ERROR") }, most)
        }
        guard input["severity"]?.string == "WARNING", let parsed = try? JSON(parsing: definition) else {
            return Self.verdict("OK", [], most)
        }
        return Self.verdict("OK", DefinitionWarnings.all(in: parsed).map { Self.document(of: $0, "WARNING") }, most)
    }

    private static func verdict(_ result: JSON, _ diagnostics: [JSON], _ most: Int) -> JSON {
        [
            "result": result, "diagnostics": .array(Array(diagnostics.prefix(most))),
            "truncated": .bool(diagnostics.count > most),
        ]
    }

    private static func document(of diagnostic: Diagnostic, _ severity: JSON) -> JSON {
        var document: JSONObject = [
            "severity": severity, "code": .string(diagnostic.code), "message": .string(diagnostic.message),
        ]
        document["location"] = .text(diagnostic.location)
        return .object(document)
    }

    private static let mostDiagnostics = 100

    /// - SeeAlso: <https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html>
    private static let definitionLimit = 1_048_576

    static func checkSize(ofDefinition definition: String) throws(AWSFault) {
        guard definition.utf8.count <= definitionLimit else { throw .tooLong("definition", limit: definitionLimit) }
    }

    func parsed(_ definition: String, _ workflow: StateMachine.Workflow) throws(AWSFault) -> StateMachine {
        try Self.checkSize(ofDefinition: definition)
        do {
            return try StateMachine(definition, workflow: workflow)
        } catch {
            throw AWSFault("InvalidDefinition", error.description)
        }
    }

    /// - SeeAlso: <https://docs.aws.amazon.com/step-functions/latest/apireference/API_CreateStateMachine.html>
    static func checkName(_ name: String) throws(AWSFault) {
        let forbidden = name.unicodeScalars.contains { scalar in
            "<>{}[]?*\"#%\\^|~`$&,;:/ ".unicodeScalars.contains(scalar) || scalar.value < 0x20
                || (0x7F...0x9F).contains(scalar.value)
        }
        guard !forbidden, (1...80).contains(name.count) else {
            throw AWSFault("InvalidName", "Invalid Name: '\(name)'")
        }
    }

    /// A logging configuration with its defaults.
    private static func logging(_ configuration: JSON?) throws(AWSFault) -> JSON {
        guard var logging = configuration?.object else { return loggingOff }
        try check(
            "level", of: configuration ?? [:], at: "loggingConfiguration.level", in: ["ALL", "ERROR", "FATAL", "OFF"])
        logging["level"] = logging["level"] ?? "OFF"
        logging["includeExecutionData"] = logging["includeExecutionData"] ?? false
        let destinations = logging["destinations"]?.array ?? []
        if destinations.count > 1 || (logging["level"] != "OFF" && destinations.isEmpty) {
            throw AWSFault(
                "InvalidLoggingConfiguration",
                "Invalid Logging Configuration: Must specify exactly one Log Destination.")
        }
        return .object(logging)
    }
}

extension Transaction {
    /// - Returns: the row of the revision.
    func addRevision(
        id: String?, definition: String, role: String, logging: JSON, tracing: JSON, at now: Int64
    ) throws -> Int64 {
        try execute(
            """
            INSERT INTO state_machine_revisions (revision_id, definition, role, logging, tracing, updated_at)
            VALUES (?, ?, ?, ?, ?, ?)
            """, .text(id), .text(definition), .text(role), .text(logging.text), .text(tracing.text), .integer(now))
        return lastInsertedRow
    }
}

/// A page of a listing: `maxResults`, and `nextToken` with the last ID of the previous page.
struct Page {
    let size: Int
    /// The ID after which the page starts; a descending listing starts below it.
    let after: Int64

    init(_ input: JSON, from first: Int64 = 0) throws {
        let asked = input["maxResults"]?.int ?? 0
        guard asked >= 0 else {
            throw AWSFault.constraint("\(asked)", at: "maxResults", "have value greater than or equal to 0")
        }
        guard asked <= 1000 else {
            throw AWSFault.constraint("\(asked)", at: "maxResults", "have value less than or equal to 1000")
        }
        size = asked == 0 ? 100 : asked
        guard let token = input["nextToken"]?.string else {
            after = first
            return
        }
        guard token.utf8.count <= 3096 else {
            throw AWSFault.constraint(token, at: "nextToken", "have length less than or equal to 3096")
        }
        guard let bytes = [UInt8](base64: token), let id = Int64(String(decoding: bytes, as: UTF8.self)), id >= 0
        else {
            throw AWSFault("InvalidToken", "Invalid Token: 'Invalid token'")
        }
        after = id
    }

    /// - Parameter rows: the rows of the page, and the first row of the next page if there is one.
    func answer(_ name: String, _ rows: [(id: Int64, json: JSON)]) -> JSON {
        var answer: JSONObject = [name: .array(rows.prefix(size).map(\.json))]
        if rows.count > size { answer["nextToken"] = .string("\(rows[size - 1].id)".utf8.base64) }
        return .object(answer)
    }
}
