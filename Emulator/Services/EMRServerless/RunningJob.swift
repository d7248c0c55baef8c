internal import EmulatorCore
internal import Gzip
internal import JSON
internal import Time

/// The process of a job run.
actor RunningJob {
    private static let terminate: Int32 = 15
    private static let kill: Int32 = 9
    /// How long a process may take to end when it is asked to.
    private static let grace = Duration.seconds(10)
    /// Longer output is cut: it is in the folder while the job runs.
    private static let outputLimit = 16 << 20

    nonisolated let applicationID: String
    private(set) var job: JobRun
    private let host: ProcessHost
    private let logs: any LogWriting
    private let objects: (any ObjectStore)?
    private let clock: ClockAndChance
    private var process: ChildProcess?
    /// Why the process is ended before its time.
    private var stopped: (state: JobRun.State, details: String)?
    private nonisolated let output = JobOutput(limit: RunningJob.outputLimit)

    init(_ job: JobRun, host: ProcessHost, logs: any LogWriting, objects: (any ObjectStore)?, clock: ClockAndChance) {
        self.job = job
        applicationID = job.applicationID
        self.host = host
        self.logs = logs
        self.objects = objects
        self.clock = clock
    }

    /// Runs the job to its end.
    /// - Parameter save: called when the process runs.
    func run(_ submission: SparkSubmission, save: @Sendable (JobRun) async -> Void) async -> JobRun {
        let folder = submission.folder(of: job)
        defer { FolderEntries.remove(folder) }
        do {
            try JobFolder.make(folder)
            let command = try submission.command(for: job, objects: objects)
            let (output, group, stream) = (output, logGroup, logStream("stdout"))
            let process = try await host.start(command) { [logs] line in
                output.add(line)
                if let group { logs.write(line + "\n", group: group, stream: stream) }
            }
            self.process = process
            job.state = .running
            job.startedAt = clock.now().milliseconds
            job.updatedAt = clock.now().milliseconds
            await save(job)
            // A stop before the process was there did not see it.
            if stopped != nil { process.signal(Self.terminate) }
            let timer = limitTime(of: process)
            let end = await process.ended()
            timer?.cancel()
            let errors = (try? FileBytes.contents(of: "\(folder)/stderr")) ?? []
            await keepLogs(errors)
            finish(end, errors)
        } catch {
            let reason = (error as? SparkSubmission.Obstacle)?.reason ?? "\(error)"
            job.end(stopped?.state ?? .failed, stopped?.details ?? reason, at: clock.now().milliseconds)
        }
        return job
    }

    private func finish(_ end: ProcessEnd, _ errors: [UInt8]) {
        let now = clock.now().milliseconds
        if let stopped {
            job.end(stopped.state, stopped.details, at: now)
        } else if end == .status(0) {
            job.end(.success, "", at: now)
        } else {
            let text = String(decoding: errors.suffix(64 << 10), as: UTF8.self).split(separator: "\n").suffix(5)
                .joined(separator: "\n")
            let said = output.text.split(separator: "\n").last.map { " \($0)" } ?? ""
            job.end(
                .failed, "Job failed: spark-submit ended with \(end.text).\(said) \(text)".trimmed(to: 2000), at: now)
        }
    }

    /// Ends the process.
    func stop(_ state: JobRun.State, _ details: String) {
        guard stopped == nil, !job.state.isFinal else { return }
        stopped = (state, details)
        if state == .cancelled {
            job.state = .cancelling
            job.updatedAt = clock.now().milliseconds
        }
        guard let process else { return }
        process.signal(Self.terminate)
        Task {
            try? await Task.sleep(for: Self.grace)
            process.signal(Self.kill)
        }
    }

    private func limitTime(of process: ChildProcess) -> Task<Void, Never>? {
        let minutes = job.request["executionTimeoutMinutes"]?.looseInt ?? 720
        // 0 is for no limit.
        guard minutes > 0, minutes < 10_000_000 else { return nil }
        let due = clock.now().advanced(byMilliseconds: Int64(minutes) * 60_000)
        return Task { [clock] in
            guard (try? await clock.sleep(due)) != nil else { return }
            self.stop(.failed, "The job has exceeded its execution timeout of \(minutes) minutes.")
        }
    }

    // MARK: Logs

    private var monitoring: JSON? { job.request["configurationOverrides"]?["monitoringConfiguration"] }

    private var place: String { "applications/\(applicationID)/jobs/\(job.id)/SPARK_DRIVER" }

    private var logGroup: String? {
        let settings = monitoring?["cloudWatchLoggingConfiguration"]
        guard settings?["enabled"]?.looseBool == true else { return nil }
        return settings?["logGroupName"]?.string ?? "/aws/emr-serverless"
    }

    private func logStream(_ name: String) -> String {
        let prefix = monitoring?["cloudWatchLoggingConfiguration"]?["logStreamNamePrefix"]?.string
        return (prefix.map { "\($0)/" } ?? "") + "\(place)/\(name)"
    }

    /// What the process has written, where the job's monitoring wants it.
    /// - SeeAlso: <https://docs.aws.amazon.com/emr/latest/EMR-Serverless-UserGuide/logging.html>
    private func keepLogs(_ errors: [UInt8]) async {
        if let group = logGroup {
            for line in String(decoding: errors.prefix(Self.outputLimit), as: UTF8.self).split(separator: "\n") {
                logs.write(line + "\n", group: group, stream: logStream("stderr"))
            }
        }
        guard let uri = monitoring?["s3MonitoringConfiguration"]?["logUri"]?.string,
            let folder = ObjectLocation(s3: uri)
        else { return }
        let prefix = folder.key.isEmpty || folder.key.hasSuffix("/") ? folder.key : folder.key + "/"
        for (name, bytes) in [("stdout", Array(output.text.utf8)), ("stderr", errors)] {
            var writer = GzipWriter()
            writer.append(bytes)
            do throws(AWSFault) {
                _ = try await objects?.putObject(
                    writer.finish(), to: ObjectLocation(bucket: folder.bucket, key: "\(prefix)\(place)/\(name).gz"))
            } catch {
                logs.write(
                    "The log \(name) of the job run \(job.id) cannot be kept: \(error)\n",
                    group: "/emulator/emr-serverless",
                    stream: applicationID)
            }
        }
    }
}

extension String {
    fileprivate func trimmed(to limit: Int) -> String { count <= limit ? self : prefix(limit) + "…" }
}
