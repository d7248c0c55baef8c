internal import AWSClient
internal import Contracts
internal import DuckDB
internal import Iceberg
internal import Lake

/// Finds the periods whose rows may be others than at the last build, from the snapshots of the inputs.
struct ChangedPeriods {
    let model: Model
    let columns: PeriodColumns
    /// As the build reads them.
    let inputs: [Input]
    /// What the table was built from.
    let last: BuildSource
    let storage: LakeStorage
    let copy: TableCopy
    /// Of what is copied to compare rows.
    let limits: BuildLimits
    /// Runs statements after those that make views, and returns the output.
    let ask: (_ statements: String, _ preparation: [String]) throws -> [Substring]

    /// The answer was too long to be read whole.
    struct AnswerTooLong: Error {}

    struct Input {
        let version: TableVersion
        let files: VersionFiles
        /// Those of the files.
        let statistics: KeptStatistics
    }

    /// More periods than this are not told apart.
    private static let limit = 2000
    /// A statement that names them is one argument of the engine's program.
    private static let statementLimit = 64 << 10
    /// In more parts than this, changes and maintenance in turn, a history is not followed.
    private static let partLimit = 32

    /// - Returns: nil if that is not known, or too many to count: then all of the table is built.
    func find() throws -> Set<Period>? {
        guard !columns.isEmpty, last.model == model.hash else { return nil }
        let layout = model.contract.modelLayout
        var periods: Set<Period> = []
        var lookups: [ChangedLookup] = []
        for input in inputs {
            let name = "\(input.version.name)"
            guard let id = last.snapshots[name] else { return nil }
            if id == "\(input.version.snapshot.id)" { continue }
            guard let former = input.version.earlier(id), let changes = try changes(of: input, since: former) else {
                return nil
            }
            for change in changes {
                let (gone, new) = (change.gone, change.new)
                if gone.isEmpty && new.isEmpty { continue }
                if layout.periodInputs.contains(name) {
                    for listed in gone + new {
                        let schema = input.version.metadata.currentSchema
                        guard let period = columns.period(of: listed.file, listed.spec, schema) else { return nil }
                        periods.insert(period)
                    }
                } else if let lookup = layout.lookups.first(where: { $0.table == name }) {
                    lookups.append(ChangedLookup(input: input, lookup: lookup, change: change, gone: gone, new: new))
                } else {
                    return nil
                }
            }
        }
        if !lookups.isEmpty {
            guard let found = try periodsWith(lookups) else { return nil }
            periods.formUnion(found)
        }
        guard periods.count <= Self.limit,
            columns.statement(making: periods).utf8.count < Self.statementLimit
        else { return nil }
        return periods
    }

    // MARK: Files

    /// What two snapshots of an input differ by.
    private struct Change {
        let former: TableVersion
        let before: VersionFiles
        let later: TableVersion
        let after: VersionFiles

        var gone: [VersionFiles.Listed] { before.unlike(after) }
        var new: [VersionFiles.Listed] { after.unlike(before) }
    }

    /// The changes of an input's files that may have changed its rows.
    /// - Returns: nil if that is not known.
    private func changes(of input: Input, since former: TableVersion) throws -> [Change]? {
        let (version, metadata) = (input.version, input.version.metadata)
        if let chain = SnapshotChain(from: former.snapshot, to: version.snapshot, in: metadata),
            chain.parts.count <= Self.partLimit, let changes = try changes(chain.parts, of: input)
        {
            return changes
        }
        // A snapshot between is gone. Then rows that are in other files now count as changed.
        return try changes([SnapshotChain.Part(former: former.snapshot, later: version.snapshot)], of: input)
    }

    /// - Returns: nil if a snapshot's files are not known.
    private func changes(_ parts: [SnapshotChain.Part], of input: Input) throws -> [Change]? {
        let version = input.version
        var changes: [Change] = []
        for part in parts {
            let former = TableVersion(version.name, version.metadata, part.former)
            let later = TableVersion(version.name, version.metadata, part.later)
            guard let after = try files(of: later, besides: input), let before = try files(of: former, besides: input)
            else { return nil }
            changes.append(Change(former: former, before: before, later: later, after: after))
        }
        return changes
    }

    /// - Returns: nil for what the inputs were, which may be unreadable, or removed meanwhile, where what they are is not.
    private func files(of version: TableVersion, besides input: Input) throws -> VersionFiles? {
        if version.snapshot.id == input.version.snapshot.id { return input.files }
        do {
            return try version.files(storage, keeping: input.statistics, known: input.files.manifests)
        } catch LakeError.unreadable {
            return nil
        } catch LakeError.storage(_, let error) where error.isNotFound {
            return nil
        }
    }

    // MARK: Lookups

    private struct ChangedLookup {
        let input: Input
        let lookup: ModelLayout.Lookup
        let change: Change
        let gone: [VersionFiles.Listed]
        let new: [VersionFiles.Listed]
    }

    /// The periods whose rows look up a row that changed.
    private func periodsWith(_ lookups: [ChangedLookup]) throws -> Set<Period>? {
        var views: [String] = []
        var selections: [String] = []
        for (number, changed) in lookups.enumerated() {
            let version = changed.input.version
            let key = try changed.lookup.key.map { try field($0.name, of: version) }
            let schema = version.metadata.currentSchema
            let read = schema.fields.filter { model.reads($0.name, of: version.name) || key.contains($0) }
            try limits.check(TableCopy.size(of: changed.gone + changed.new, columns: read))
            views.append(
                try copy.view(
                    "before_\(number)", of: changed.gone, in: changed.change.former,
                    without: changed.change.before.deleted,
                    columns: read, at: "before-\(number)"))
            views.append(
                try copy.view(
                    "after_\(number)", of: changed.new, in: changed.change.later,
                    without: changed.change.after.deleted, columns: read, at: "after-\(number)"))
            let names = key.map { DuckDBText.name($0.name) }.joined(separator: ", ")
            let (before, after) = ("SELECT * FROM before_\(number)", "SELECT * FROM after_\(number)")
            views.append(
                "CREATE TABLE changed_\(number) AS SELECT DISTINCT \(names) FROM ((\(before) EXCEPT ALL \(after)) "
                    + "UNION ALL (\(after) EXCEPT ALL \(before)));")
        }
        for (number, input) in inputs.enumerated()
        where model.contract.modelLayout.periodInputs.contains("\(input.version.name)") {
            let sources = Set(lookups.flatMap { $0.lookup.key.map(\.source) } + columns.columns.map(\.name))
            let read = try sources.sorted().map { try field($0, of: input.version) }
            try limits.check(TableCopy.size(of: input.files.files, columns: read))
            views.append(
                try copy.view(
                    "facts_\(number)", of: input.files.files, in: input.version, without: input.files.deleted,
                    columns: read, at: "facts-\(number)"))
            for (place, changed) in lookups.enumerated() {
                let equal = changed.lookup.key.map {
                    "c.\(DuckDBText.name($0.name)) = f.\(DuckDBText.name($0.source))"
                }
                selections.append(
                    "SELECT \(columns.text(of: "f")) FROM facts_\(number) f SEMI JOIN changed_\(place) c ON "
                        + equal.joined(separator: " AND "))
            }
        }
        guard !selections.isEmpty else { return nil }
        // UNION leaves each once.
        let output: [Substring]
        do {
            output = try ask(selections.joined(separator: " UNION ") + " LIMIT \(Self.limit + 1);", views)
        } catch is AnswerTooLong {
            return nil
        }
        var periods: Set<Period> = []
        for line in output {
            guard let period = columns.period(fromText: line) else { return nil }
            periods.insert(period)
        }
        return periods
    }

    private func field(_ name: String, of version: TableVersion) throws(GoldError) -> IcebergField {
        guard let field = version.metadata.currentSchema.field(named: name) else {
            throw .model(
                place: model.path,
                reason: "its contract's periods and lookups want a column \(name) of \(version.name), which has none")
        }
        return field
    }
}
