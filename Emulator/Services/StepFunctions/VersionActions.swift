internal import EmulatorCore
internal import JSON
internal import Time

/// Published versions of state machines.
///
/// - SeeAlso: <https://docs.aws.amazon.com/step-functions/latest/dg/concepts-state-machine-version.html>
extension StepFunctionsService {
    func publishVersion(_ input: JSON) async throws -> JSON {
        let text = try input.required("stateMachineArn")
        let arn = try StateMachineARN(text)
        let now = clock.now().milliseconds
        return try await store.write { transaction in
            guard let machine = try transaction.snapshot.stateMachine(arn) else {
                throw AWSFault.stateMachineDoesNotExist(text)
            }
            if let expected = input["revisionId"]?.string, expected != machine.revision.revisionID ?? "INITIAL" {
                throw AWSFault(
                    "ConflictException",
                    "Failed to publish the State Machine version for revision \(expected). The current State Machine "
                        + "revision is \(machine.revision.revisionID ?? "INITIAL").")
            }
            let version = try transaction.publish(machine, description: input["description"]?.string, at: now)
            return [
                "stateMachineVersionArn": .string(version.arn), "creationDate": Timestamp.json(version.createdAt),
            ]
        }
    }

    func listVersions(_ input: JSON) throws -> JSON {
        let text = try input.required("stateMachineArn")
        let arn = try StateMachineARN(text)
        let page = try Page(input, from: Int64.max)
        let rows = try store.read { snapshot in
            guard let machine = try snapshot.stateMachine(arn) else { throw AWSFault.stateMachineDoesNotExist(text) }
            return try snapshot.all(
                """
                SELECT number, created_at FROM state_machine_versions WHERE machine = ? AND number < ?
                ORDER BY number DESC LIMIT ?
                """, .integer(machine.id), .integer(page.after), .integer(page.size + 1)
            ) { row in
                (
                    id: row.integer(0),
                    json: [
                        "stateMachineVersionArn": .string("\(machine.arn):\(row.integer(0))"),
                        "creationDate": Timestamp.json(row.integer(1)),
                    ] as JSON
                )
            }
        }
        return page.answer("stateMachineVersions", rows)
    }

    func deleteVersion(_ input: JSON) async throws -> JSON {
        let text = try input.required("stateMachineVersionArn")
        let arn = try StateMachineARN(text)
        guard case .version(let number) = arn.qualifier else { throw AWSFault.invalidARN(text) }
        try await store.write { transaction in
            guard let machine = try transaction.snapshot.stateMachine(StateMachineARN(arn.machine)) else { return }
            let aliases = try transaction.snapshot.aliases(of: machine.id)
            let holders = aliases.filter { $0.versions.contains(number) }.map(\.name)
            guard holders.isEmpty else {
                throw AWSFault(
                    "ConflictException",
                    "Version to be deleted must not be referenced by an alias. "
                        + "Current list of aliases referencing this version: [\(holders.joined(separator: ", "))]")
            }
            try transaction.execute(
                "DELETE FROM state_machine_versions WHERE machine = ? AND number = ?", .integer(machine.id),
                .integer(number))
        }
        return [:]
    }
}

extension Transaction {
    /// Whether a revision is the current one, or says the same: an update without a change makes a revision, and no version.
    private func holdsSame(_ id: Int64, as current: StateMachineRevision) throws -> Bool {
        guard id != current.id else { return true }
        guard let published = try snapshot.revision(id) else { return false }
        return published.definition == current.definition && published.roleARN == current.roleARN
            && published.logging == current.logging && published.tracing == current.tracing
    }

    /// Publishes the current revision, or returns the version that already has it.
    func publish(
        _ machine: StateMachineRecord, description: String?, at now: Int64
    ) throws -> (arn: String, createdAt: Int64) {
        let latest = try snapshot.first(
            """
            SELECT number, created_at, revision FROM state_machine_versions WHERE machine = ?
            ORDER BY number DESC LIMIT 1
            """, .integer(machine.id)
        ) { (number: $0.integer(0), createdAt: $0.integer(1), revision: $0.integer(2)) }
        if let latest, try holdsSame(latest.revision, as: machine.revision) {
            return ("\(machine.arn):\(latest.number)", latest.createdAt)
        }
        let number =
            try snapshot.first("SELECT next_version FROM state_machines WHERE id = ?", .integer(machine.id)) {
                $0.integer(0)
            } ?? 1
        try execute(
            """
            INSERT INTO state_machine_versions (machine, number, revision, description, created_at)
            VALUES (?, ?, ?, ?, ?)
            """, .integer(machine.id), .integer(number), .integer(machine.revision.id), .text(description),
            .integer(now))
        try execute(
            "UPDATE state_machines SET next_version = ? WHERE id = ?", .integer(number + 1), .integer(machine.id))
        return ("\(machine.arn):\(number)", now)
    }
}
