internal import AWSClient
internal import AWSModels
internal import Digest
internal import JSON
internal import LambdaRuntime
internal import Time

/// Where events of lineage are written: one object an event, one line of JSON, as an endpoint of OpenLineage would get it.
struct LineageLog: Sendable {
    let objects: ObjectStore
    let bucket: String
    /// Ends with `/`, or is empty.
    let prefix: String
    /// The namespace of the jobs: the pipeline.
    let jobs: String
    /// The namespace of the tables: `arn:aws:glue:<region>:<account>`.
    let datasets: String

    /// - Parameter location: `s3://bucket/prefix`.
    init(_ objects: ObjectStore, location: String, jobs: String, datasets: String) throws(GoldError) {
        guard location.hasPrefix("s3://") else {
            throw .usage("LINEAGE is \(location); expected a place in S3, such as s3://bucket/lineage")
        }
        let parts = location.dropFirst("s3://".count).split(
            separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let bucket = parts.first, !bucket.isEmpty else {
            throw .usage("LINEAGE is \(location), which names no bucket")
        }
        self.objects = objects
        self.bucket = String(bucket)
        let folder = parts.count > 1 ? String(parts[1]) : ""
        prefix = folder.isEmpty || folder.hasSuffix("/") ? folder : folder + "/"
        self.jobs = jobs
        self.datasets = datasets
    }

    /// Writes an event. A failure is logged: a table without its lineage is better than none.
    func write(_ event: LineageEvent, _ log: Log) {
        let day = event.time.rfc3339.prefix(10)
        let object = S3Object(
            bucket: bucket,
            key: "\(prefix)\(day)/\(event.model)/\(event.time.rfc3339)-\(event.runID)-\(event.kind.rawValue).ndjson")
        do throws(AWSError) {
            try objects.put(
                event.document(jobs: jobs, datasets: datasets).bytes + [UInt8(ascii: "\n")], to: object,
                contentType: "application/x-ndjson")
        } catch {
            log.error(
                "an event of lineage could not be written",
                ["object": .string("\(object)"), "error": .string("\(error)")])
        }
    }

    /// The id of a run: that of the invocation, which the control record has, too.
    static func runID(_ requestID: String) -> String {
        let parts = requestID.split(separator: "-", omittingEmptySubsequences: false)
        if parts.map(\.count) == [8, 4, 4, 4, 12], parts.joined().allSatisfy(\.isHexDigit) { return requestID }
        // Of a task: any text.
        let digits = Array(Digest.sha256(Array(requestID.utf8)).prefix(16).hexadecimal)
        let lengths = [8, 4, 4, 4, 12]
        var (start, groups): (Int, [String]) = (0, [])
        for length in lengths {
            groups.append(String(digits[start..<start + length]))
            start += length
        }
        return groups.joined(separator: "-")
    }
}
