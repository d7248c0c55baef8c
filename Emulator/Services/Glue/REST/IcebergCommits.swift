internal import EmulatorCore
internal import JSON
internal import Time

/// Commits: new metadata for one table, or for several at once.
///
/// A commit reads the table, checks the requirements, writes a new metadata file, and makes it the current one if the
/// table is still as it was read. If another commit was faster, it begins again, so that only requirements decide.
extension IcebergCatalog {
    /// How often a commit begins again before it is refused. Each time, another commit has succeeded.
    private static let attempts = 20

    private struct TableChange: Sendable {
        let namespace: Namespace
        let name: String
        let requirements: [TableRequirement]
        let updates: [TableMetadataUpdate]

        init(_ namespace: Namespace, _ name: String, _ request: JSON) throws(AWSFault) {
            self.namespace = namespace
            self.name = name
            var requirements: [TableRequirement] = []
            for requirement in request.present("requirements")?.array ?? [] {
                requirements.append(try TableRequirement(requirement))
            }
            var updates: [TableMetadataUpdate] = []
            for update in request.present("updates")?.array ?? [] { updates.append(try TableMetadataUpdate(update)) }
            self.requirements = requirements
            self.updates = updates
        }
    }

    private struct Outcome: Sendable {
        let table: StoredTable
        let metadata: TableMetadata
        let location: String
        /// Where the metadata was.
        let former: String
        /// False if the updates changed nothing.
        let isNew: Bool
    }

    /// Thrown in a transaction to undo it.
    private struct ChangedMeanwhile: Error {}

    func commit(_ namespace: Namespace, _ name: String, _ call: IcebergCall) async throws -> TableAnswer {
        let outcome = try await commit(namespace, name, call.body)
        return TableAnswer(metadata: outcome.metadata, location: outcome.location, configuration: nil)
    }

    @discardableResult
    func commit(
        _ namespace: Namespace, _ name: String, _ request: JSON
    ) async throws -> (metadata: TableMetadata, location: String) {
        let outcome = try await commit([try TableChange(namespace, name, request)])[0]
        return (outcome.metadata, outcome.location)
    }

    /// All tables change, or none.
    func commitTransaction(_ call: IcebergCall) async throws {
        var changes: [TableChange] = []
        for change in try call.body.list("table-changes") {
            let identifier = JSON.object(try change.members("identifier"))
            let namespace = try IcebergCall.namespace(identifier["namespace"])
            changes.append(try TableChange(namespace, try identifier.text("name"), change))
        }
        let names = Set(changes.map { TableName("\($0.namespace)", $0.name) })
        guard names.count == changes.count else {
            throw AWSFault.badRequest("A transaction changes each table once; merge the changes of a table into one")
        }
        if !changes.isEmpty { _ = try await commit(changes) }
    }

    private func commit(_ changes: [TableChange]) async throws -> [Outcome] {
        for _ in 0..<Self.attempts {
            let outcomes = try changes.map { try outcome(of: $0) }
            let new = outcomes.filter(\.isNew)
            do {
                for outcome in new { try await files.write(outcome.metadata, to: outcome.location) }
                try await store.write { transaction in
                    for outcome in outcomes {
                        let stands =
                            try outcome.isNew
                            ? outcome.table.replace(in: transaction)
                            : outcome.table.isCurrent(in: transaction.snapshot)
                        guard stands else { throw ChangedMeanwhile() }
                    }
                }
                for outcome in new { files.supersede(outcome.former) }
                return outcomes
            } catch is ChangedMeanwhile {
                for outcome in new { await files.discard(outcome.location) }
            } catch let fault as AWSFault {
                for outcome in new { await files.discard(outcome.location) }
                throw fault
            }
        }
        throw AWSFault.commitFailed("Cannot commit: other commits changed the table \(Self.attempts) times meanwhile")
    }

    private func outcome(of change: TableChange) throws -> Outcome {
        let found: (table: StoredTable, location: String)
        do {
            found = try table(change.namespace, change.name)
        } catch let fault as AWSFault where change.requirements.contains(.create) && fault.status == 404 {
            throw AWSFault.unsupported("CreateTable with staging is not supported; create the table, then insert.")
        }
        var (table, location) = found
        let base = try files.read(location)
        for requirement in change.requirements { try requirement.check(base) }
        let now = clock.now().milliseconds
        var metadata = TableMetadataChange(base, now: Int(now))
        for update in change.updates { try metadata.apply(update) }
        guard let changed = metadata.finish(replacing: location) else {
            return Outcome(table: table, metadata: base, location: location, former: location, isNew: false)
        }
        let next = MetadataFile.next(for: changed, after: location, uuid: clock.uuid())
        try table.point(to: changed, at: next)
        table.updatedAt = now
        return Outcome(table: table, metadata: changed, location: next, former: location, isNew: true)
    }
}
