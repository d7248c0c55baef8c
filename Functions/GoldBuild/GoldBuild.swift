internal import AWSClient
internal import Control
internal import JSON
internal import Lake
internal import LambdaRuntime

/// Builds the table of one model. Without a model it lists them by levels, each after those that it reads.
///
/// A build is one snapshot, and names what it was made from: the model's text and the snapshots of its inputs. The same again
/// changes nothing, and a crash leaves the old table.
struct GoldBuild: JSONHandler {
    let settings: Settings

    func handle(_ event: JSON, _ context: InvocationContext) throws -> JSON {
        guard let name = event["model"] else {
            let levels = settings.models.levels.map { JSON.array($0.map { .string("\($0)") }) }
            return ["levels": .array(levels)]
        }
        guard let name = name.string else {
            throw GoldError.usage("the event's model is \(name), which is no name of one")
        }
        let model = try settings.models.model(named: name)
        let catalog = try LakeCatalog(settings.aws)
        // Before the inputs: if another build commits meanwhile, this one conflicts and does not take the table back.
        let stored = try catalog.table(model.name.table, in: model.name.namespace)
        var inputs: [TableVersion] = []
        for input in model.inputs {
            guard let table = try TableVersion(input, in: catalog) else {
                return ["outcome": "waiting", "model": .string(name), "for": .string("\(input)")]
            }
            inputs.append(table)
        }
        // The rest is for the commit.
        let build = try ModelBuild(model, inputs: inputs, settings, deadline: context.deadline - .seconds(10))
        guard !build.isDone(stored) else { return ["outcome": "unchanged", "model": .string(name)] }
        let built = try reported(build, stored, in: catalog, context)
        var outcome: JSONObject = [
            "outcome": built.periodCount == 0 ? "unchanged" : "built", "model": .string(name),
            "rows": .int(built.rowCount), "written": .int(built.writtenCount),
        ]
        outcome["periods"] = built.periodCount.map { .int($0) }
        context.log.info(built.periodCount == 0 ? "nothing to build" : "built", outcome)
        return .object(outcome)
    }

    /// Builds a model, and says in its control record and in metrics what became of it.
    private func reported(
        _ build: ModelBuild, _ stored: LakeCatalog.Table?, in catalog: LakeCatalog, _ context: InvocationContext
    ) throws -> ModelBuild.Outcome {
        let start = ContinuousClock.now
        let record = try settings.control.map { (control) throws(ControlError) in
            try BuildRecord(build.model, settings, control, requestID: context.requestID)
        }
        do {
            let outcome = try build.run(stored, in: catalog)
            if outcome.periodCount != 0 {
                report(.built(outcome, after: ContinuousClock.now - start), of: build.model, context.log)
            }
            // Another build of the model may have taken the record over; then it says what became of that.
            _ = try? record?.succeed(outcome, of: build.model, build.source)
            return outcome
        } catch {
            report(.failed(FailureType(error)), of: build.model, context.log)
            _ = try? record?.fail(error)
            throw error
        }
    }

    private func report(_ metrics: BuildMetrics, of model: Model, _ log: Log) {
        if let pipeline = settings.pipeline { log.write(metrics.embedded(in: pipeline, model: "\(model.name)")) }
    }
}
