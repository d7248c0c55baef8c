internal import EmulatorCore
internal import JSON
internal import Time

/// A name for one or two versions of a state machine, with each version's share of executions.
///
/// - SeeAlso: <https://docs.aws.amazon.com/step-functions/latest/dg/concepts-state-machine-alias.html>
struct StateMachineAlias: Sendable {
    let arn: String
    let name: String
    let description: String?
    let routing: JSON
    let createdAt: Int64
    let updatedAt: Int64

    var routes: [(arn: String, weight: Int)] {
        (routing.array ?? []).map { ($0["stateMachineVersionArn"]?.string ?? "", $0["weight"]?.int ?? 0) }
    }

    /// The numbers of the alias's versions.
    var versions: [Int64] {
        routes.compactMap { $0.arn.split(separator: ":").last.flatMap { Int64($0) } }
    }

    /// The version for an execution with this random number.
    func pick(_ random: UInt64) -> Int64? {
        var point = Int(random % 100)
        for (route, version) in zip(routes, versions) {
            if point < route.weight { return version }
            point -= route.weight
        }
        return versions.first
    }
}

extension Snapshot {
    private static var columns: String { "arn, name, description, routing, created_at, updated_at" }

    func alias(_ arn: String) throws -> StateMachineAlias? {
        try first("SELECT \(Self.columns) FROM state_machine_aliases WHERE arn = ?", .text(arn)) { Self.alias($0) }
    }

    func aliases(of machine: Int64) throws -> [StateMachineAlias] {
        try all(
            "SELECT \(Self.columns) FROM state_machine_aliases WHERE machine = ? ORDER BY arn", .integer(machine)
        ) { Self.alias($0) }
    }

    private static func alias(_ row: borrowing Row) -> StateMachineAlias {
        StateMachineAlias(
            arn: row.text(0), name: row.text(1), description: row.textOrNil(2),
            routing: (try? JSON(parsing: row.text(3))) ?? [], createdAt: row.integer(4), updatedAt: row.integer(5))
    }
}

extension StepFunctionsService {
    func createAlias(_ input: JSON) async throws -> JSON {
        let name = try input.required("name")
        try Self.checkAliasName(name)
        let machineARN = try Self.checkRouting(input["routingConfiguration"])
        let arn = "\(machineARN):\(name)"
        let routing = input["routingConfiguration"] ?? []
        let description = input["description"]?.string
        let now = clock.now().milliseconds
        return try await store.write { transaction in
            guard let machine = try transaction.snapshot.stateMachine(StateMachineARN(machineARN)) else {
                throw AWSFault.stateMachineDoesNotExist(machineARN)
            }
            if let existing = try transaction.snapshot.alias(arn) {
                guard existing.routing == routing, existing.description == description else {
                    throw AWSFault(
                        "ConflictException",
                        "Failed to create alias because an alias with the same name and a different routing "
                            + "configuration already exists.")
                }
                return ["stateMachineAliasArn": .string(arn), "creationDate": Timestamp.json(existing.createdAt)]
            }
            try transaction.checkVersions(of: routing, machine: machine)
            try transaction.execute(
                """
                INSERT INTO state_machine_aliases (arn, machine, name, description, routing, created_at, updated_at)
                VALUES (?, ?, ?, ?, ?, ?, ?)
                """, .text(arn), .integer(machine.id), .text(name), .text(description), .text(routing.text),
                .integer(now), .integer(now))
            return ["stateMachineAliasArn": .string(arn), "creationDate": Timestamp.json(now)]
        }
    }

    func describeAlias(_ input: JSON) throws -> JSON {
        let arn = try input.required("stateMachineAliasArn")
        _ = try StateMachineARN(arn)
        guard let alias = try store.read({ try $0.alias(arn) }) else {
            throw AWSFault("ResourceNotFound", "Request references a resource that does not exist.")
        }
        var answer: JSONObject = [
            "stateMachineAliasArn": .string(alias.arn), "name": .string(alias.name),
            "routingConfiguration": alias.routing, "creationDate": Timestamp.json(alias.createdAt),
            "updateDate": Timestamp.json(alias.updatedAt),
        ]
        answer["description"] = .text(alias.description)
        return .object(answer)
    }

    func updateAlias(_ input: JSON) async throws -> JSON {
        let arn = try input.required("stateMachineAliasArn")
        _ = try StateMachineARN(arn)
        if input["routingConfiguration"] != nil { _ = try Self.checkRouting(input["routingConfiguration"]) }
        let now = clock.now().milliseconds
        try await store.write { transaction in
            guard let alias = try transaction.snapshot.alias(arn) else {
                throw AWSFault("ResourceNotFound", "Request references a resource that does not exist.")
            }
            try transaction.execute(
                "UPDATE state_machine_aliases SET description = ?, routing = ?, updated_at = ? WHERE arn = ?",
                .text(input["description"]?.string ?? alias.description),
                .text((input["routingConfiguration"] ?? alias.routing).text), .integer(now), .text(arn))
        }
        return ["updateDate": Timestamp.json(now)]
    }

    func deleteAlias(_ input: JSON) async throws -> JSON {
        let arn = try input.required("stateMachineAliasArn")
        _ = try StateMachineARN(arn)
        try await store.write { try $0.execute("DELETE FROM state_machine_aliases WHERE arn = ?", .text(arn)) }
        return [:]
    }

    func listAliases(_ input: JSON) throws -> JSON {
        let text = try input.required("stateMachineArn")
        let arn = try StateMachineARN(text)
        let page = try Page(input)
        let aliases = try store.read { snapshot in
            guard let machine = try snapshot.stateMachine(arn) else { throw AWSFault.stateMachineDoesNotExist(text) }
            return try snapshot.aliases(of: machine.id).filter { alias in
                guard case .version(let number)? = arn.qualifier else { return true }
                return alias.versions.contains(number)
            }
        }
        let rows = aliases.enumerated().dropFirst(Int(page.after)).map { position, alias in
            (
                id: Int64(position + 1),
                json: [
                    "stateMachineAliasArn": .string(alias.arn), "creationDate": Timestamp.json(alias.createdAt),
                ] as JSON
            )
        }
        return page.answer("stateMachineAliases", rows)
    }

    private static func checkAliasName(_ name: String) throws(AWSFault) {
        guard name.count <= 80 else { throw .constraint(name, at: "name", "have length less than or equal to 80") }
        let letters = name.unicodeScalars.allSatisfy {
            $0.isASCII && ($0.properties.isAlphabetic || ("0"..."9").contains($0) || "_-.".unicodeScalars.contains($0))
        }
        guard letters, !name.unicodeScalars.allSatisfy({ ("0"..."9").contains($0) }) else {
            throw .constraint(
                name, at: "name",
                #"satisfy regular expression pattern: ^(?=.*[a-zA-Z_\-\.])[a-zA-Z0-9_\-\.]+$"#)
        }
    }

    /// - Returns: the ARN of the routes' state machine.
    private static func checkRouting(_ routing: JSON?) throws(AWSFault) -> String {
        let routes = (routing?.array ?? []).map { ($0["stateMachineVersionArn"]?.string ?? "", $0["weight"]?.int ?? 0) }
        guard let first = routes.first else {
            throw .stepFunctionsValidation(
                "Routing configuration must contain state machine version ARNs. Received: []")
        }
        for (position, route) in routes.enumerated() where !(0...100).contains(route.1) {
            throw .constraint(
                "\(route.1)", at: "routingConfiguration.\(position + 1).member.weight",
                "have value \(route.1 < 0 ? "greater than or equal to 0" : "less than or equal to 100")")
        }
        guard routes.count <= 2 else {
            let items = routes.map { "RoutingConfigurationListItem(stateMachineVersionArn=\($0), weight=\($1))" }
            throw .constraint(
                "[\(items.joined(separator: ", "))]", at: "routingConfiguration", "have length less than or equal to 2")
        }
        let arns = routes.map(\.0)
        let received = "[\(arns.joined(separator: ", "))]"
        for arn in arns {
            guard case .version? = try StateMachineARN(arn).qualifier else {
                throw .stepFunctionsValidation(
                    "Routing configuration must contain state machine version ARNs. Received: \(received)")
            }
        }
        guard Set(arns).count == arns.count else {
            throw .stepFunctionsValidation(
                "Routing configuration must contain distinct state machine version ARNs. Received: \(received)")
        }
        guard routes.map(\.1).reduce(0, +) == 100 else {
            throw .stepFunctionsValidation(
                "Sum of routing configuration weights must equal 100. Received: \(routes.map(\.1))")
        }
        return try StateMachineARN(first.0).machine
    }
}

extension Transaction {
    fileprivate func checkVersions(of routing: JSON, machine: StateMachineRecord) throws {
        for route in routing.array ?? [] {
            let text = route["stateMachineVersionArn"]?.string ?? ""
            guard case .version(let number)? = try StateMachineARN(text).qualifier,
                try snapshot.version(number, of: machine.id) != nil
            else {
                throw AWSFault("ResourceNotFound", "Request references a resource that does not exist.")
            }
        }
    }
}
