package import EmulatorCore
internal import JSON
internal import Synchronization
internal import Time

/// Amazon EMR Serverless: job runs are `spark-submit` on this machine, where Spark is installed.
/// - SeeAlso: <https://docs.aws.amazon.com/emr-serverless/latest/APIReference/Welcome.html>
package final class EMRServerlessService: Sendable {
    package static let signingNames = ["emr-serverless"]
    package static let schema = [JobStore.schema]

    let account: Account
    let clock: ClockAndChance
    let jobs: JobStore
    let peers: Peers
    let submission: SparkSubmission
    private let host: ProcessHost
    private let running = Mutex<[String: RunningJob]>([:])

    init(
        store: Store, account: Account = Account(), clock: ClockAndChance = .system, peers: Peers, host: ProcessHost,
        submission: SparkSubmission
    ) {
        self.account = account
        self.clock = clock
        self.peers = peers
        self.host = host
        self.submission = submission
        jobs = JobStore(store: store)
    }

    // MARK: Job runs

    /// Starts a run that is stored.
    func launch(_ job: JobRun) {
        let process = RunningJob(job, host: host, logs: peers, objects: peers.objects, clock: clock)
        running.withLock { $0[job.id] = process }
        Task {
            let ended = await process.run(self.submission) { changed in try? await self.jobs.save(changed) }
            do { try await self.jobs.save(ended) } catch {
                // The store is closing: the next run finds the job running, and marks it as failed.
                self.peers.write(
                    "The end of the job run \(ended.id) could not be stored: \(error)\n",
                    group: "/emulator/emr-serverless",
                    stream: ended.applicationID)
            }
            _ = self.running.withLock { $0.removeValue(forKey: ended.id) }
        }
    }

    /// The run as it is at this moment.
    func job(_ id: String, of application: String) async throws(AWSFault) -> JobRun {
        if let process = running.withLock({ $0[id] }), process.applicationID == application { return await process.job }
        let found: JobRun?
        do { found = try jobs.job(id) } catch { throw .internalFailure(error) }
        guard let found, found.applicationID == application else {
            throw .missing("Job run \(id) does not exist in the application \(application).")
        }
        return found
    }

    func cancel(_ job: JobRun) async throws(AWSFault) {
        guard let process = running.withLock({ $0[job.id] }) else {
            guard !job.state.isFinal else { return }
            var job = job
            job.end(.cancelled, "Cancelled by the user.", at: clock.now().milliseconds)
            do { try await jobs.save(job) } catch { throw .internalFailure(error) }
            return
        }
        await process.stop(.cancelled, "Cancelled by the user.")
    }

    func hasRunningJobs(_ application: String) -> Bool {
        running.withLock { $0.values.contains { $0.applicationID == application } }
    }
}

extension EMRServerlessService: Service {
    package convenience init(_ context: ServiceContext) {
        let environment = ProcessEnvironment(
            account: context.account, endpoint: context.endpoint, additions: context.processes.environment)
        self.init(
            store: context.store, account: context.account, clock: context.clock, peers: context.peers,
            host: context.processes.host,
            submission: SparkSubmission(
                program: context.processes.environment["SPARK_SUBMIT"],
                jars: context.processes.environment["SPARK_JARS"],
                folder: absolutePath(context.store.directory) + "/emr-serverless", environment: environment,
                roleKeys: context.roleKeys))
    }

    /// Marks the runs of the emulator's previous run as failed: their processes have ended with it.
    package func start() async throws {
        for var job in try jobs.unfinished() {
            job.end(.failed, "The emulator stopped while the job ran.", at: clock.now().milliseconds)
            try await jobs.save(job)
        }
    }

    package func stop() async {
        for process in running.withLock({ Array($0.values) }) {
            await process.stop(.failed, "The emulator stopped while the job ran.")
        }
    }
}

extension AWSFault {
    static func validation(_ message: String) -> AWSFault { AWSFault("ValidationException", message) }
    static func missing(_ message: String) -> AWSFault { AWSFault("ResourceNotFoundException", message, status: 404) }
    static func conflict(_ message: String) -> AWSFault { AWSFault("ConflictException", message, status: 409) }
}
