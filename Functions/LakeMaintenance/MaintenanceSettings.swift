internal import AWSClient
internal import Control
internal import LakeRewrite
internal import LambdaRuntime
internal import PublishedContracts
internal import Time

/// The settings of the function and of the task, from the environment.
struct MaintenanceSettings: Sendable {
    let aws: AWSClient
    /// Says which tables have a `deletedRetention`; nil where no table has one.
    var contracts: ContractSource?
    var control: ControlTable
    var objects: ObjectStore
    var clock = ClockAndChance.system
    var policy = MaintenancePolicy()
    /// The pipeline in the metrics; nil writes no metrics.
    var pipeline: String?
}

/// When something is worth doing.
struct MaintenancePolicy: Sendable {
    /// The size of data files that is aimed at, in bytes. silver-merge aims at the same.
    var fileSize = 64 << 20
    /// So many small files at least are joined to one.
    var joinedCount = 5
    var rewriting = RewriteOptions()
    /// So many snapshots stay at least …
    var snapshotCount = 10
    /// … and those that are younger.
    var snapshotAgeInHours = 72
    /// … as long as they are no more than this. Every reader reads a thousand bytes for each, and the catalog writes them with every commit.
    var snapshotLimit = 25
    /// Files that no snapshot names are left alone so long: longer than any writer takes from its first file to its commit.
    var orphanAgeInHours = 72
    /// Attempts of a commit that other writers overtake.
    var attempts = 5
}

extension MaintenanceSettings {
    /// What a writer may take, with a margin.
    private static let leastOrphanAgeInHours = 24
    /// A hundred years.
    private static let mostHours = 876_600

    init(_ environment: Environment) throws {
        let aws = try AWSClient { environment[$0] }
        self.init(
            aws: aws, contracts: try ContractSource(environment),
            control: ControlTable(name: try environment.require("CONTROL_TABLE"), client: aws),
            objects: ObjectStore(aws))
        pipeline = environment["PIPELINE"]
        policy.fileSize = try environment.count("FILE_BYTES", default: policy.fileSize)
        policy.snapshotCount = try environment.count("SNAPSHOTS_KEPT", default: policy.snapshotCount)
        policy.snapshotAgeInHours = try environment.count("SNAPSHOT_AGE_HOURS", default: policy.snapshotAgeInHours)
        policy.snapshotLimit = try environment.count("SNAPSHOT_LIMIT", default: policy.snapshotLimit)
        policy.orphanAgeInHours = try environment.count("ORPHAN_AGE_HOURS", default: policy.orphanAgeInHours)
        for (name, value, limit) in [
            ("FILE_BYTES", policy.fileSize, 1 << 40), ("SNAPSHOT_AGE_HOURS", policy.snapshotAgeInHours, Self.mostHours),
            ("ORPHAN_AGE_HOURS", policy.orphanAgeInHours, Self.mostHours),
        ] where value > limit {
            throw MaintenanceError.usage("\(name) is \(value); expected \(limit) at most")
        }
        guard policy.orphanAgeInHours >= Self.leastOrphanAgeInHours else {
            throw MaintenanceError.usage(
                "ORPHAN_AGE_HOURS is \(policy.orphanAgeInHours); expected \(Self.leastOrphanAgeInHours) at least, since a younger "
                    + "file may be of a writer that has not committed")
        }
    }
}
