internal import EmulatorCore
internal import ASL
internal import JSON

/// A state machine in the store, at one revision: the current one, or that of a published version.
struct StateMachineRecord: Sendable {
    let id: Int64
    /// The ARN without a version or an alias.
    let arn: String
    let name: String
    let workflow: StateMachine.Workflow
    let createdAt: Int64
    let revision: StateMachineRevision
    /// The version that the caller named.
    var version: PublishedVersion?
    /// The alias that the caller named.
    var aliasARN: String?

    var versionARN: String? { version.map { "\(arn):\($0.number)" } }
}

struct StateMachineRevision: Sendable {
    let id: Int64
    /// Nil for the revision of CreateStateMachine.
    let revisionID: String?
    let definition: String
    let roleARN: String
    let logging: JSON
    let tracing: JSON
    let updatedAt: Int64
}

struct PublishedVersion: Sendable {
    let number: Int64
    let revision: Int64
    let description: String?
    let createdAt: Int64
}

/// The ARN of a state machine, of one of its versions or of one of its aliases.
struct StateMachineARN: Sendable, Hashable {
    /// `arn:aws:states:<region>:<account>:stateMachine:<name>`
    let machine: String
    let qualifier: Qualifier?

    enum Qualifier: Sendable, Hashable {
        case version(Int64)
        case alias(String)
    }

    init(_ text: String) throws(AWSFault) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        guard parts.count >= 7, parts[0] == "arn", parts[2] == "states", parts[5] == "stateMachine" else {
            throw .invalidARN(text)
        }
        machine = parts[..<7].joined(separator: ":")
        qualifier = parts.count < 8 ? nil : Int64(parts[7]).map { .version($0) } ?? .alias(parts[7])
    }
}

extension Snapshot {
    func stateMachine(_ arn: StateMachineARN, random: UInt64 = 0) throws -> StateMachineRecord? {
        let machine = try first(
            "SELECT id, arn, name, type, created_at, revision FROM state_machines WHERE arn = ?", .text(arn.machine)
        ) { row in
            (
                id: row.integer(0), arn: row.text(1), name: row.text(2), type: row.text(3), createdAt: row.integer(4),
                revision: row.integer(5)
            )
        }
        guard let machine else { return nil }
        var number: Int64?
        var aliasARN: String?
        switch arn.qualifier {
        case nil: break
        case .version(let version): number = version
        case .alias(let name):
            aliasARN = "\(arn.machine):\(name)"
            guard let alias = try self.alias(aliasARN ?? "") else { return nil }
            number = alias.pick(random)
        }
        var version: PublishedVersion?
        if let number {
            version = try self.version(number, of: machine.id)
            if version == nil { return nil }
        }
        guard let revision = try revision(version?.revision ?? machine.revision) else { return nil }
        return StateMachineRecord(
            id: machine.id, arn: machine.arn, name: machine.name,
            workflow: StateMachine.Workflow(rawValue: machine.type) ?? .standard, createdAt: machine.createdAt,
            revision: revision, version: version, aliasARN: aliasARN)
    }

    func revision(_ id: Int64) throws -> StateMachineRevision? {
        try first(
            """
            SELECT id, revision_id, definition, role, logging, tracing, updated_at
            FROM state_machine_revisions WHERE id = ?
            """, .integer(id)
        ) { row in
            StateMachineRevision(
                id: row.integer(0), revisionID: row.textOrNil(1), definition: row.text(2), roleARN: row.text(3),
                logging: (try? JSON(parsing: row.text(4))) ?? [:], tracing: (try? JSON(parsing: row.text(5))) ?? [:],
                updatedAt: row.integer(6))
        }
    }

    func version(_ number: Int64, of machine: Int64) throws -> PublishedVersion? {
        try first(
            "SELECT revision, description, created_at FROM state_machine_versions WHERE machine = ? AND number = ?",
            .integer(machine), .integer(number)
        ) { row in
            PublishedVersion(
                number: number, revision: row.integer(0), description: row.textOrNil(1), createdAt: row.integer(2))
        }
    }
}
