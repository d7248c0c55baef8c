public import AWSClient
public import Contracts
public import LambdaRuntime
internal import JSON
internal import Synchronization
internal import Publication

/// The contracts of a function: those that were published, and those of its package for all other tables.
public final class ContractSource: Sendable {
    /// The contracts in the package.
    public let packaged: ContractCatalog
    private let bucket: String?
    private let pipeline: String?
    private let trust: Duration
    private let memory = Mutex(Memory())

    /// For so long a function takes the index that it has read to be the one in force. A busy function would ask for it with
    /// each of a hundred files a second. Who publishes contracts waits as long before saying that they are in force.
    public static let trustInFunctions = Duration.milliseconds(200)

    /// What the process has read so far.
    struct Memory {
        var index: ContractIndex?
        var eTag: String?
        /// When the index was asked for that is known to be in force.
        var readAt: ContinuousClock.Instant?
        /// By hash.
        var contracts: [String: Contract] = [:]
    }

    /// - Parameters:
    ///   - bucket: the bucket of published contracts; nil uses the package's alone.
    ///   - pipeline: the pipeline in the metrics; nil writes none.
    ///   - trust: for how long an index is used before it is asked for again.
    public init(
        _ packaged: ContractCatalog, bucket: String? = nil, pipeline: String? = nil, trust: Duration = .zero
    ) {
        self.packaged = packaged
        self.trust = trust
        self.bucket = bucket
        self.pipeline = pipeline
    }

    /// `CONTRACTS_DIR`, `CONTRACTS_BUCKET` and `PIPELINE`.
    public convenience init(_ environment: Environment) throws(ContractError) {
        self.init(
            try ContractCatalog(directory: environment.path("CONTRACTS_DIR", default: "contracts")),
            bucket: environment["CONTRACTS_BUCKET"], pipeline: environment["PIPELINE"], trust: Self.trustInFunctions)
        for warning in packaged.warnings { Log(environment).warning("\(warning)") }
    }

    /// Whether published contracts are looked for.
    public var arePublished: Bool { bucket != nil }

    /// The contracts in force now: one conditional request, or none without a bucket and soon after another one.
    ///
    /// An index that cannot be read is logged and counted, and the one before it stays in force.
    /// - Throws: ``PublishedContractError`` if the process has no index yet and cannot read one. Without an index, it cannot
    ///   know whether the package's contracts are in force.
    public func inForce(
        _ objects: ObjectStore, _ log: Log
    ) throws(PublishedContractError) -> ContractsInForce {
        guard let bucket else { return ContractsInForce(source: self, store: nil, index: ContractIndex(), log: log) }
        let store = ContractStore(bucket: bucket, objects: objects)
        let now = ContinuousClock.now
        let known = memory.withLock { ($0.index, $0.eTag, $0.readAt) }
        if let index = known.0, let readAt = known.2, readAt.duration(to: now) < trust {
            return ContractsInForce(source: self, store: store, index: index, log: log)
        }
        let index: ContractIndex
        do throws(PublishedContractError) {
            if let newer = try store.index(at: store.index, since: known.1) {
                index = newer.index
                memory.withLock { ($0.index, $0.eTag) = (newer.index, newer.eTag) }
            } else {
                index = known.0 ?? ContractIndex()
            }
            memory.withLock { $0.readAt = now }
        } catch {
            if let known = known.0 {
                report(error, log)
                index = known
            } else {
                index = try lastIndex(store, after: error, log)
            }
        }
        return ContractsInForce(source: self, store: store, index: index, log: log)
    }

    /// The index for a process that has none and cannot read the one in force.
    private func lastIndex(
        _ store: ContractStore, after error: PublishedContractError, _ log: Log
    ) throws(PublishedContractError) -> ContractIndex {
        guard !error.isTemporary else { throw error }
        do throws(PublishedContractError) {
            guard let last = try store.index(at: store.lastIndex) else { throw error }
            report(error, log)
            memory.withLock { $0.index = last.index }
            return last.index
        } catch let second {
            guard error.isMissing, second.isMissing else { throw second.isTemporary ? second : error }
            // Nothing was published yet. Without the permission to list the bucket, S3 answers 403 instead of 404.
            if case .aws(let error) = error, error.isForbidden { report(.aws(error), log) }
            return ContractIndex()
        }
    }

    func contract(
        of table: String, hash: String, _ store: ContractStore, _ log: Log
    ) throws(PublishedContractError) -> Contract {
        if let known = memory.withLock({ $0.contracts[hash] }), known.table == table { return known }
        let contract = try store.contract(of: table, hash: hash)
        for warning in contract.warnings { log.warning("\(warning)") }
        memory.withLock { $0.contracts[hash] = contract }
        return contract
    }

    /// Logs that something published cannot be read, and counts it for the alarm.
    func report(_ error: PublishedContractError, _ log: Log) {
        log.error(
            "a published contract cannot be read; the last good one stays in force", ["error": .string("\(error)")])
        guard let pipeline else { return }
        log.write(
            EmbeddedMetrics([Metric("ContractsUnreadable", 1, .count)], by: [[.init("Pipeline", pipeline)]]))
    }
}
