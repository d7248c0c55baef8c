internal import Contracts
internal import Control
internal import Iceberg
internal import Lake
internal import Time

/// One build of a model: its tables are copied here, the engine runs its statement, and the result replaces the rows of its
/// table in one commit: all, or those of the periods that changed.
struct ModelBuild {
    let model: Model
    let source: BuildSource
    let table: GoldTable
    let inputs: [TableVersion]
    let settings: Settings
    private let deadline: ContinuousClock.Instant
    let storage: LakeStorage
    let script: ModelScript

    /// What a build did.
    struct Outcome {
        /// Rows of the table.
        let rowCount: Int64
        /// Rows that the build has written.
        let writtenCount: Int64
        /// How many periods were built; nil if all of the table was.
        let periodCount: Int?
        let measured: [MeasuredRule]
        /// The table's snapshot that has the rows.
        let snapshotID: Int64
    }

    init(_ model: Model, inputs: [TableVersion], _ settings: Settings, deadline: ContinuousClock.Instant)
        throws(GoldError)
    {
        self.model = model
        self.inputs = inputs
        self.settings = settings
        self.deadline = deadline
        source = BuildSource(model, inputs)
        table = try GoldTable(model)
        storage = LakeStorage(settings.objects)
        script = ModelScript(
            model: model, columns: table.columns, partitioning: model.contract.partitioning,
            periods: table.periods.columns)
    }

    /// Whether the table has been built from the same.
    func isDone(_ stored: LakeCatalog.Table?) -> Bool { stored.flatMap { BuildSource(of: $0.metadata) } == source }

    // MARK: Steps

    /// - Parameters:
    ///   - stored: the table as it is; nil if it is not there.
    ///   - begins: called once it is known what is built.
    /// - Throws: ``BuildTooLarge`` before that if it is not for this process.
    func run(_ stored: LakeCatalog.Table?, in catalog: LakeCatalog, begins: () -> Void = {}) throws -> Outcome {
        if let stored { try table.check(stored.metadata) }
        let folder = try WorkFolder(in: settings.temporaryFolder)
        let work = try work(in: folder.path, settings.limits)
        let changed = try changedPeriods(stored, work)
        if let changed, changed.isEmpty, let stored, let current = stored.metadata.currentSnapshot {
            begins()
            try confirm(current, of: stored, in: catalog)
            return Outcome(
                rowCount: current.rowCount ?? 0, writtenCount: 0, periodCount: 0, measured: [], snapshotID: current.id)
        }
        let old = try stored.map { stored in
            try TableFiles(of: stored.metadata.currentSnapshot, in: stored.metadata) { try storage.read($0) }
        }
        let replaced = try replacedFiles(stored, old, changed)
        let size = selections(changed, work).reduce(0) { $0.addingBytes($1.size) }
        try settings.limits.check(size)
        begins()
        let (final, measured) = try make(changed, stored, old, replaced, size: size, work)
        let target = try stored ?? table.create(in: catalog, bucket: settings.lakeBucket)
        try table.check(target.metadata)
        guard target.metadata.currentSnapshot?.id == stored?.metadata.currentSnapshot?.id else {
            throw GoldError.conflict("it was created meanwhile")
        }
        return try commit(final, replacing: replaced, of: old ?? .none, changed, measured, target, in: catalog)
    }

    struct Work {
        let folder: String
        let inputs: [ChangedPeriods.Input]
        let copy: TableCopy
        let limits: BuildLimits
    }

    /// - Parameters:
    ///   - folder: is there as long as the work goes on.
    ///   - limits: of what is copied to find the changed periods.
    func work(in folder: String, _ limits: BuildLimits = BuildLimits()) throws -> Work {
        Work(
            folder: folder,
            inputs: try inputs.map { version in
                let statistics = statistics(of: version)
                return ChangedPeriods.Input(
                    version: version, files: try version.files(storage, keeping: statistics), statistics: statistics)
            },
            copy: TableCopy(folder: folder, storage: storage) { () throws(GoldError) in try checkTime() },
            limits: limits)
    }

    /// What is asked of an input's files: the bytes of the columns that are read, and the values of those that name periods.
    private func statistics(of version: TableVersion) -> KeptStatistics {
        let (schema, layout) = (version.metadata.currentSchema, model.contract.modelLayout)
        let named = Set(layout.periods + layout.lookups.flatMap { $0.key.flatMap { [$0.name, $0.source] } })
        // The first column is read where no other is.
        let read = schema.fields.enumerated().filter { place, field in
            place == 0 || named.contains(field.name) || model.reads(field.name, of: version.name)
        }
        return KeptStatistics(
            sizes: IcebergSchema(id: 0, fields: read.map(\.element)).allFieldIDs,
            values: table.periods.columns.compactMap { schema.field(named: $0.name)?.id })
    }

    private func checkTime() throws(GoldError) {
        guard !settings.isInterrupted() else { throw .interrupted(place: model.path) }
        guard ContinuousClock.now < deadline else { throw .time(place: model.path) }
    }

    /// Runs statements after those that make what they read.
    /// - Returns: the lines that they give.
    func ask(
        _ statements: String, after preparation: [String], in folder: String, threads: Int? = nil
    ) throws -> [Substring] {
        let outcome = try settings.engine.run(
            statements, after: preparation, in: folder, threads: threads, until: deadline,
            isInterrupted: settings.isInterrupted)
        guard let outcome else {
            try checkTime()
            throw GoldError.time(place: model.path)
        }
        guard outcome.succeeded else { throw script.failure(outcome.errors) }
        guard !outcome.isCut else { throw ChangedPeriods.AnswerTooLong() }
        return outcome.output.split(separator: "\n")
    }

    private func isPeriodInput(_ input: ChangedPeriods.Input) -> Bool {
        model.contract.modelLayout.periodInputs.contains("\(input.version.name)")
    }

    /// The periods to be built; nil for all of the table.
    private func changedPeriods(_ stored: LakeCatalog.Table?, _ work: Work) throws -> Set<Period>? {
        guard let stored, let last = BuildSource(of: stored.metadata) else { return nil }
        let search = ChangedPeriods(
            model: model, columns: table.periods, inputs: work.inputs, last: last, storage: storage, copy: work.copy,
            limits: work.limits
        ) { statements, views in
            try ask(statements, after: views, in: work.folder)
        }
        guard let found = try search.find() else { return nil }
        // A file that may have rows of several periods cannot be left out or taken as a whole.
        let areKnown = work.inputs.filter(isPeriodInput).allSatisfy { input in
            let schema = input.version.metadata.currentSchema
            return input.files.files.allSatisfy { table.periods.period(of: $0.file, $0.spec, schema) != nil }
        }
        return areKnown ? found : nil
    }

    /// Statements for one run of the engine: each run costs its start.
    struct Script {
        var preparation: [String] = []
        var statements = ""
    }

    /// What the model's statement reads of an input.
    private struct Selection {
        let input: ChangedPeriods.Input
        let files: [VersionFiles.Listed]
        let columns: [IcebergField]

        var size: Int { TableCopy.size(of: files, columns: columns) }
    }

    private func selections(_ changed: Set<Period>?, _ work: Work) -> [Selection] {
        work.inputs.map { input in
            let schema = input.version.metadata.currentSchema
            let named = schema.fields.filter { model.reads($0.name, of: input.version.name) }
            var files = input.files.files
            if let changed, isPeriodInput(input) {
                files = files.filter { table.periods.mayHold(changed, $0.file, $0.spec, schema) }
            }
            // A view has a column at least, also for who counts rows.
            return Selection(
                input: input, files: files, columns: named.isEmpty ? Array(schema.fields.prefix(1)) : named)
        }
    }

    /// What runs the model's statement, and where the rows will be.
    func query(_ changed: Set<Period>?, _ work: Work, _ script: ModelScript) throws -> (Script, place: String) {
        var views: [String] = []
        for (number, selection) in selections(changed, work).enumerated() {
            let version = selection.input.version
            views.append(
                try work.copy.view(
                    "\(version.name)", of: selection.files, in: version, without: selection.input.files.deleted,
                    columns: selection.columns, at: "input-\(number)"))
        }
        let place = script.place("result", in: work.folder)
        if script.isParted { _ = try WorkFolder.make(place) }
        let statement = script.statement(writing: place)
        return (Script(preparation: [script.preparation(making: views)], statements: statement), place)
    }

    /// The table's files with rows of the periods; all of them if all is built.
    private func replacedFiles(
        _ stored: LakeCatalog.Table?, _ old: TableFiles?, _ changed: Set<Period>?
    ) throws -> [VersionFiles.Listed] {
        guard let stored, let old else { return [] }
        let listed = old.manifests.flatMap { manifest in
            manifest.entries.map { VersionFiles.Listed(file: $0.file, spec: manifest.spec) }
        }
        guard let changed else { return listed }
        let schema = stored.metadata.currentSchema
        let found = listed.filter { table.periods.mayHold(changed, $0.file, $0.spec, schema) }
        // To read two columns takes less than to write a file's rows again for nothing.
        let mixed = found.filter { table.periods.period(of: $0.file, $0.spec, schema) == nil }
        guard mixed.count > 1, mixed.count <= Self.apartFiles else { return found }
        let held = try concurrently(mixed) { [table, storage] listed in
            guard let object = LakeStorage.object(at: listed.file.path) else { return true }
            let ranges = ObjectRanges(storage.objects, object, size: Int(listed.file.sizeInBytes))
            return try table.periods.hold(changed, ranges, schema)
        }
        let without = Set(zip(mixed, held).filter { !$1 }.map(\.0.file.path))
        return found.filter { !without.contains($0.file.path) }
    }

    /// Of so few bytes a second thread of the engine takes more time of processors than it saves: a quarter of both. A whole table that
    /// others are built from is waited for, so it is not left to one thread as long as that.
    private static func threads(reading size: Int, ofAll isWhole: Bool) -> Int? {
        size < (isWhole ? 2 << 20 : 16 << 20) ? 1 : nil
    }

    /// Runs the model's statement, writes the rows of other periods that are in files to be replaced, and checks the model's rows
    /// against the contract, all in one run of the engine.
    /// - Parameter size: the bytes that the statement reads.
    /// - Returns: the files to be published, and what was measured.
    private func make(
        _ changed: Set<Period>?, _ stored: LakeCatalog.Table?, _ old: TableFiles?, _ replaced: [VersionFiles.Listed],
        size: Int, _ work: Work
    ) throws -> (ResultFiles, [MeasuredRule]) {
        let schema = stored?.metadata.currentSchema ?? table.schema
        let mixed =
            changed == nil ? [] : replaced.filter { table.periods.period(of: $0.file, $0.spec, schema) == nil }
        let keepsRows = !mixed.isEmpty
        var script = script
        let periods = script.periods.map(\.name)
        script.isOnePartition =
            changed?.count == 1 && !keepsRows && script.partitioning.allSatisfy(periods.contains)
        let (query, place) = try query(changed, work, script)
        var run = query
        var places = [place]
        var relation = ResultFiles.relation(at: place)
        if let changed, let stored, let snapshot = stored.metadata.currentSnapshot {
            run.preparation.append(table.periods.statement(making: changed))
            if keepsRows {
                let version = TableVersion(model.name, stored.metadata, snapshot)
                let deleted = try version.files(storage, listed: old ?? .none).deleted
                func kept(_ name: String, _ files: [VersionFiles.Listed]) throws -> String {
                    run.preparation.append(
                        try work.copy.view(
                            name, of: files, in: version, without: deleted, columns: schema.fields, at: name))
                    return "SELECT \(script.names) FROM \(name) k WHERE NOT \(table.periods.condition("k"))"
                }
                let count = replaced.reduce(0) { $0 + $1.file.recordCount }
                if count > Self.joinedRows, mixed.count <= Self.apartFiles {
                    // The next change of these periods finds them in files of their own.
                    for (number, file) in mixed.enumerated() {
                        let rest = script.place("kept-\(number)", in: work.folder)
                        let rows = try kept("kept_\(number)", [file])
                        run.statements += script.statement(copying: rows, to: rest)
                        places.append(rest)
                    }
                } else {
                    // They are written once, with the others.
                    relation = Self.result
                    let rows = ["SELECT \(script.names) FROM \(relation)", try kept("kept", mixed)]
                    run.statements =
                        script.statement(making: relation) + script.statement(joining: rows, to: place)
                }
            }
            run.statements += table.periods.countOthers(in: relation)
        }
        let audit = Audit(model, table.columns, relation: relation)
        run.statements += audit.statement
        let lines = try ask(
            run.statements, after: run.preparation, in: work.folder,
            threads: Self.threads(reading: size, ofAll: changed == nil))
        guard changed == nil || lines.first == "0" else {
            throw GoldError.model(
                place: model.path,
                reason: "built for some periods, it gives rows of others; correct the periods of its contract")
        }
        let gone = Set(replaced.map(\.file.path))
        var others = old?.dataFiles.filter { !gone.contains($0.path) }.reduce(0) { $0 + $1.recordCount } ?? 0
        let result = ResultFiles(at: places)
        if keepsRows, let measured = audit.count(in: lines.last ?? "") { others += try result.rowCount - measured }
        let measured = try audit.findings(lines.last ?? "", besides: others)
        return (script.isCutUp ? try result.cutUp(in: WorkFolder.make("\(work.folder)/pieces")) : result, measured)
    }

    /// The engine's name of the model's rows.
    private static let result = "cupel_result"
    /// Rows of other periods stay in files with those of a changed one as long as so few rows are written again.
    private static let joinedRows = Int64(2 * ModelScript.fileRows)
    /// Of so many files the rest is written to files of their own: each is a statement.
    private static let apartFiles = 64

    // MARK: Commit

    private func commit(
        _ result: ResultFiles, replacing replaced: [VersionFiles.Listed], of old: TableFiles, _ changed: Set<Period>?,
        _ measured: [MeasuredRule], _ target: LakeCatalog.Table, in catalog: LakeCatalog
    ) throws -> Outcome {
        let metadata = target.metadata
        let token = settings.clock.uuid()
        let added = try result.upload(
            to: "\(metadata.location)/data/\(token)", metadata.currentSchema, metadata.defaultSpec, storage
        ) { () throws(GoldError) in try checkTime() }
        let draft = try SnapshotDraft(
            of: metadata, old, adding: added, removing: Set(replaced.map(\.file.path)), schema: metadata.currentSchema,
            id: Snapshot.newID(from: settings.clock.uuid()), token: token,
            timestamp: settings.clock.now().milliseconds,
            summary: source.summary.merging(["engine-name": "cupel"]) { $1 })
        for file in draft.files { try storage.write(file.bytes, to: file.path, contentType: "application/avro") }
        var change = TableChange(of: metadata)
        change.advance(to: draft.snapshot)
        let properties = table.properties.filter { metadata.properties[$0.key] != $0.value }
        if !properties.isEmpty { change.set(properties) }
        let former = GoldTable.optionalProperties.filter {
            metadata.properties[$0] != nil && table.properties[$0] == nil
        }
        if !former.isEmpty { change.remove(former) }
        let outcome = Outcome(
            rowCount: draft.snapshot.rowCount ?? 0, writtenCount: added.reduce(0) { $0 + $1.recordCount },
            periodCount: changed?.count, measured: measured, snapshotID: draft.snapshot.id)
        switch try catalog.commit(change, to: model.name.table, in: model.name.namespace) {
        case .committed: return outcome
        case .conflict(let reason): throw GoldError.conflict(reason)
        case .unknown(let error):
            // The answer was lost. The commit is in the table or it is not.
            guard let now = try catalog.table(model.name.table, in: model.name.namespace),
                now.metadata.snapshots.contains(where: { $0.id == draft.snapshot.id })
            else { throw error }
            return outcome
        }
    }

    /// Notes that the inputs have changed and the rows have not, so that the next run need not look again.
    private func confirm(_ current: Snapshot, of stored: LakeCatalog.Table, in catalog: LakeCatalog) throws {
        var change = TableChange(of: stored.metadata)
        change.set(source.properties(confirming: current))
        switch try catalog.commit(change, to: model.name.table, in: model.name.namespace) {
        case .committed: return
        case .conflict(let reason): throw GoldError.conflict(reason)
        case .unknown(let error): throw error
        }
    }
}
