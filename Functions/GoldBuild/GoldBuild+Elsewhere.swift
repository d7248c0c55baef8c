internal import AWSModels
internal import Control
internal import Iceberg
internal import JSON
internal import Lake
internal import LambdaRuntime
internal import Time

/// What a model needs that a task or Spark builds, because it reads too much for the function.
extension GoldBuild {
    /// Leaves a build to another, for whom it holds the record.
    /// - Parameter execution: the execution that starts it; nil if nobody does.
    func handOver(
        _ large: BuildTooLarge, _ run: LineageEvent, _ record: BuildRecord?, to execution: BuildWorker?,
        _ context: InvocationContext
    ) throws -> JSON {
        let name = run.model
        try record?.release()
        if let execution {
            do { _ = try claim(name, by: execution, context) } catch is BuildRecord.IsHeld {
                return ["outcome": "heldByAnother", "model": .string("\(name)")]
            }
        }
        var answer: JSONObject = [
            "outcome": "tooLarge", "model": .string("\(name)"), "target": .string(large.target.rawValue),
            "bytes": .int(large.bytes),
        ]
        context.log.info("it reads too much for a function", answer)
        if large.target == .spark, let model = run.source {
            // The job writes no events.
            settings.lineage?.write(run, context.log)
            answer["arguments"] = .array(sparkArguments(for: model).map(JSON.string))
        }
        return .object(answer)
    }

    /// Releases the record of a model that an execution has had handed over, and nobody has begun to build.
    /// - Returns: whether it was so.
    func takeBack(_ name: TableName, from execution: BuildWorker) throws(ControlError) -> Bool {
        guard let control = settings.control, let stored = try BuildRecord.stored(of: name, settings, control),
            let record = BuildRecord(adopting: stored, of: name, by: execution, control)
        else { return false }
        try record.release()
        return true
    }

    /// How gold_build.py is called: with the text that is in force, wherever that is, and no other.
    private func sparkArguments(for model: Model) -> [String] {
        let lake = "s3://\(settings.lakeBucket)"
        let texts =
            settings.models.publishedTexts(of: model.name).map { ["--texts", "\($0)"] }
            ?? ["--models", "\(lake)/jobs/models"]
        return texts + ["--model", "\(model.name)", "--expect", model.hash, "--location", lake]
    }

    /// Records that a task or Spark has built a model, unless it did so itself.
    func settle(
        _ name: TableName, of models: ModelCatalog, builtBy target: BuildTarget, _ execution: BuildWorker,
        _ context: InvocationContext
    ) throws -> JSON {
        let stored = try settings.control.flatMap { try BuildRecord.stored(of: name, settings, $0) }
        let begun = settings.control.flatMap { control in
            stored.flatMap { BuildRecord(adopting: $0, of: name, by: execution, control) }
        }
        let model = try models.model(name)
        let catalog = try LakeCatalog(settings.aws)
        let table = try catalog.table(name.table, in: name.namespace)
        guard case .found(let inputs) = try Self.inputs(of: model, in: catalog), let table,
            let snapshot = table.metadata.currentSnapshot, BuildSource(of: table.metadata) == BuildSource(model, inputs)
        else {
            // The inputs or the model have changed meanwhile: that is for the next run.
            try begun?.release()
            return ["outcome": "outdated", "model": .string("\(name)"), "target": .string(target.rawValue)]
        }
        let rowCount = snapshot.rowCount ?? 0
        if let begun {
            let outcome = ModelBuild.Outcome(
                rowCount: rowCount, writtenCount: rowCount, periodCount: nil, measured: [], snapshotID: snapshot.id)
            try begun.succeed(outcome, of: model, BuildSource(model, inputs))
            if target == .spark {
                var run = LineageEvent(
                    kind: .start, time: settings.clock.now(), runID: LineageLog.runID(stored?.requestID ?? ""),
                    model: name)
                (run.source, run.inputs, run.table) = (model, inputs, try GoldTable(model))
                end(run, .complete, outcome: outcome, context.log)
            }
        }
        return [
            "outcome": "built", "model": .string("\(name)"), "target": .string(target.rawValue), "rows": .int(rowCount),
        ]
    }
}
