internal import AWSClient
internal import Contracts
internal import Control
internal import JSON
internal import Lake
internal import LambdaRuntime
internal import PublishedContracts

/// Maintains one table of silver or gold; without a table it lists them.
///
/// Every step is safe beside merges and builds: it is a commit that the catalog refuses if the table changed meanwhile, or it
/// removes files that nothing can name any more.
struct LakeMaintenance: JSONHandler {
    private(set) var settings: MaintenanceSettings
    private(set) var isInterrupted: @Sendable () -> Bool = { false }

    func handle(_ event: JSON, _ context: InvocationContext) throws -> JSON {
        guard let name = event["table"], !name.isNull else { return try list() }
        guard let text = name.string, let table = TableName(text) else {
            throw MaintenanceError.usage("the event's table is \(name), which is no table such as dm_silver.beer")
        }
        let isDry = event["dryRun"] ?? .bool(false)
        guard let isDry = isDry.bool else {
            throw MaintenanceError.usage("the event's dryRun is \(isDry); expected true or false")
        }
        return try limited(to: context.deadline).maintain(table, isDry: isDry, context.log)
    }

    /// The tables, for a state machine's map.
    private func list() throws -> JSON {
        let catalog = try LakeCatalog(settings.aws)
        var names: [JSON] = []
        for namespace in TableName.namespaces {
            names += try catalog.tables(in: namespace).map { .string("\(namespace).\($0)") }
        }
        return ["tables": .array(names)]
    }

    /// A copy that stops early enough to end its step before the process is killed at `deadline`.
    private func limited(to deadline: ContinuousClock.Instant) -> LakeMaintenance {
        let end = deadline - .seconds(10)
        var maintenance = self
        maintenance.isInterrupted = { end < .now }
        maintenance.settings.objects = settings.objects.limited(to: deadline - .seconds(2))
        maintenance.settings.control = settings.control.limited(to: deadline - .seconds(2))
        return maintenance
    }

    func maintain(_ name: TableName, isDry: Bool, _ log: Log) throws -> JSON {
        let start = ContinuousClock.now
        do {
            let retention = try deletedRetention(of: name, log)
            var run = try TableMaintenance(
                name, settings, deletedRetentionInDays: retention, isDry: isDry, isInterrupted: isInterrupted)
            try run.run()
            let report = run.report
            if let pipeline = settings.pipeline, !isDry {
                log.write(report.embedded(in: pipeline, after: ContinuousClock.now - start))
            }
            log.info(isDry ? "planned" : "maintained", report.answer.object ?? [:])
            return report.answer
        } catch {
            let type = FailureType(error)
            if let pipeline = settings.pipeline {
                let metric =
                    type.isTemporary
                    ? Metric("MaintenancesInterrupted", 1, .count) : Metric("MaintenancesFailed", 1, .count)
                log.write(EmbeddedMetrics([metric], by: [[.init("Pipeline", pipeline)]]))
            }
            throw error
        }
    }

    /// Models have contracts of their own, which keep no deleted rows.
    private func deletedRetention(of name: TableName, _ log: Log) throws -> Int? {
        guard name.namespace == "dm_silver", let contracts = settings.contracts else { return nil }
        let inForce = try contracts.inForce(settings.objects, log)
        guard inForce.tables.contains(name.table) else { return nil }
        let layout = try inForce.contract(forTable: name.table, pinned: nil).silverLayout
        // Other modes keep what was, and a delete is part of it.
        return layout.mode == .upsert ? layout.deletedRetentionInDays : nil
    }
}
