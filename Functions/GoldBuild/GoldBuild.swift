internal import AWSClient
internal import Control
internal import JSON
internal import Lake
internal import LambdaRuntime
internal import PublishedModels
internal import Time

/// Builds the table of one model. Without a model it lists them by levels, each after those that it reads.
///
/// A build is one snapshot, and names what it was made from: the model's text and the snapshots of its inputs. The same again
/// changes nothing, and a crash leaves the old table.
struct GoldBuild: JSONHandler {
    let settings: Settings
    var worker = BuildWorker.function

    func handle(_ event: JSON, _ context: InvocationContext) throws -> JSON {
        guard let text = event["model"] else {
            let levels = try settings.models.catalog().levels.map { JSON.array($0.map { .string("\($0)") }) }
            return ["levels": .array(levels)]
        }
        guard let text = text.string, let name = TableName(model: text) else {
            throw GoldError.usage("the event's model is \(text), which is no name of one, such as dm_gold.top_drinkers")
        }
        let execution = event["lease_owner"]?.string.map(BuildWorker.execution)
        if let failure = event["failure"], !failure.isNull {
            return try note(ReportedFailure(failure, since: event["started_at"]), of: name, by: execution, context)
        }
        if let proposal = event["diff"], !proposal.isNull { return try compare(name, with: proposal, context) }
        // What is no model has no record.
        let models = try settings.models.catalog()
        try models.check(name)
        if let target = event["built_by"], !target.isNull {
            guard let target = target.string.flatMap(BuildTarget.init), let execution else {
                throw GoldError.usage("the event's built_by is \(target); expected ecs or emr, and a lease_owner")
            }
            return try settle(name, of: models, builtBy: target, execution, context)
        }
        return try build(name, of: models, handingTo: execution, context)
    }

    /// Builds a model, and says in its control record and in metrics what became of it.
    /// - Parameter execution: who has what is too large built elsewhere; nil if nobody does.
    private func build(
        _ name: TableName, of models: ModelCatalog, handingTo execution: BuildWorker?, _ context: InvocationContext
    ) throws -> JSON {
        let start = ContinuousClock.now
        var record: BuildRecord?
        var run = LineageEvent(
            kind: .start, time: settings.clock.now(), runID: LineageLog.runID(context.requestID), model: name)
        do {
            let model = try models.model(name)
            let catalog = try LakeCatalog(settings.aws)
            // Before the inputs: if another build commits meanwhile, this one conflicts and does not take the table back.
            let stored = try catalog.table(name.table, in: name.namespace)
            let inputs: [TableVersion]
            switch try Self.inputs(of: model, in: catalog) {
            case .found(let tables): inputs = tables
            case .missing(let table):
                return ["outcome": "waiting", "model": .string("\(name)"), "for": .string("\(table)")]
            }
            // The rest is for the commit.
            let build = try ModelBuild(model, inputs: inputs, settings, deadline: context.deadline - .seconds(10))
            guard !build.isDone(stored) else {
                settle(build, context)
                return ["outcome": "unchanged", "model": .string("\(name)")]
            }
            record = try claim(name, by: worker, context)
            (run.source, run.inputs, run.table) = (model, inputs, build.table)
            let built = try build.run(stored, in: catalog) { settings.lineage?.write(run, context.log) }
            if built.periodCount != 0 {
                report(.built(built, after: ContinuousClock.now - start), of: name, context.log)
            }
            // Another build of the model may have taken the record over; then it says what became of that.
            _ = try? record?.succeed(built, of: model, build.source)
            end(run, .complete, outcome: built, context.log)
            return answer(built, of: name, context.log)
        } catch is BuildRecord.IsHeld {
            // An earlier attempt of this step has handed it over, and its answer was lost.
            if let execution, try takeBack(name, from: execution) {
                return try build(name, of: models, handingTo: execution, context)
            }
            context.log.info("a task or Spark builds it", ["model": .string("\(name)")])
            return ["outcome": "heldByAnother", "model": .string("\(name)")]
        } catch let large as BuildTooLarge {
            return try handOver(large, run, record, to: execution, context)
        } catch {
            report(.failed(FailureType(error)), of: name, context.log)
            // A build that has not begun and can be retried leaves no trace. The record may be what failed: the error counts.
            if record == nil, !FailureType(error).isTemporary { record = try? claim(name, by: worker, context) }
            _ = try? record?.fail(error)
            end(run, .fail, error: "\(error)", context.log)
            throw error
        }
    }

    enum Inputs {
        case found([TableVersion])
        case missing(TableName)
    }

    static func inputs(of model: Model, in catalog: LakeCatalog) throws -> Inputs {
        var inputs: [TableVersion] = []
        for input in model.inputs {
            guard let table = try TableVersion(input, in: catalog) else { return .missing(input) }
            inputs.append(table)
        }
        return .found(inputs)
    }

    /// Says what another text and contract of a model would change. Nothing is committed or recorded.
    private func compare(_ name: TableName, with proposal: JSON, _ context: InvocationContext) throws -> JSON {
        guard let sql = proposal["sql"]?.string, let contract = proposal["contract"]?.string else {
            throw GoldError.usage("the event's diff is \(proposal); expected an object with sql and contract")
        }
        let model = try Model(name, ModelTexts(sql: sql, contract: contract, lineage: nil))
        let catalog = try LakeCatalog(settings.aws)
        let stored = try catalog.table(name.table, in: name.namespace)
        switch try Self.inputs(of: model, in: catalog) {
        case .missing(let table):
            return ["outcome": "waiting", "model": .string("\(name)"), "for": .string("\(table)")]
        case .found(let inputs):
            let build = try ModelBuild(model, inputs: inputs, settings, deadline: context.deadline - .seconds(10))
            return try build.compare(with: stored, examples: proposal["examples"]?.int ?? 0)
        }
    }

    private func answer(_ built: ModelBuild.Outcome, of name: TableName, _ log: Log) -> JSON {
        var outcome: JSONObject = [
            "outcome": built.periodCount == 0 ? "unchanged" : "built", "model": .string("\(name)"),
            "rows": .int(built.rowCount), "written": .int(built.writtenCount),
        ]
        outcome["periods"] = built.periodCount.map { .int($0) }
        log.info(built.periodCount == 0 ? "nothing to build" : "built", outcome)
        return .object(outcome)
    }

    // MARK: What is said of it

    func claim(_ name: TableName, by worker: BuildWorker, _ context: InvocationContext) throws -> BuildRecord? {
        guard let control = settings.control else { return nil }
        return try BuildRecord(of: name, settings, control, by: worker, requestID: context.requestID)
    }

    /// A build that was killed after its commit, or failed before the table was as it is, has left a record that says otherwise.
    private func settle(_ build: ModelBuild, _ context: InvocationContext) {
        let name = build.model.name
        guard let control = settings.control,
            let stored = try? BuildRecord.stored(of: name, settings, control), stored.status != .success
        else { return }
        _ = try? claim(name, by: worker, context)?.settle(stored, of: build.model, build.source)
    }

    /// Records the failure of a build whose process could not do so.
    /// - Parameter execution: who had it built by a task or by Spark; nil if the function alone may have begun.
    private func note(
        _ failure: ReportedFailure, of name: TableName, by execution: BuildWorker?, _ context: InvocationContext
    ) throws -> JSON {
        var answer: JSONObject = [
            "outcome": "failed", "model": .string("\(name)"), "error": .string(failure.errorType),
            "message": .string(failure.message), "recorded": true,
        ]
        var stored: ControlRecord?
        if let control = settings.control {
            stored = try BuildRecord.stored(of: name, settings, control)
            if let stored, failure.isTold(by: stored) {
                answer["error"] = .string(stored.errorType ?? failure.errorType)
                answer["message"] = .string(stored.errorMessage ?? failure.message)
                answer["recorded"] = false
                return .object(answer)
            }
            let begun = stored.flatMap { stored in
                execution.flatMap { BuildRecord(adopting: stored, of: name, by: $0, control) }
            }
            do {
                try (begun ?? claim(name, by: .function, context))?.fail(failure)
            } catch is BuildRecord.IsHeld {
                // Another execution has it built, whose end the record will tell.
                answer["recorded"] = false
            }
        }
        context.log.error("a build did not answer", ["model": .string("\(name)"), "error": .string(failure.message)])
        report(.died(failure), of: name, context.log)
        if let stored {
            // The claim of the run that died has its id.
            let run = LineageEvent(
                kind: .start, time: settings.clock.now(), runID: LineageLog.runID(stored.requestID ?? ""), model: name)
            end(run, .fail, error: failure.message, context.log)
        }
        return .object(answer)
    }

    /// Writes the last event of a run.
    func end(
        _ run: LineageEvent, _ kind: LineageEvent.Kind, outcome: ModelBuild.Outcome? = nil, error: String? = nil,
        _ log: Log
    ) {
        guard let lineage = settings.lineage else { return }
        var event = LineageEvent(kind: kind, time: settings.clock.now(), runID: run.runID, model: run.model)
        (event.source, event.inputs, event.table) = (run.source, run.inputs, run.table)
        (event.outcome, event.error) = (outcome, error)
        lineage.write(event, log)
    }

    func report(_ metrics: BuildMetrics, of model: TableName, _ log: Log) {
        if let pipeline = settings.pipeline { log.write(metrics.embedded(in: pipeline, model: "\(model)")) }
    }
}
