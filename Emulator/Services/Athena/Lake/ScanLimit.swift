/// How many bytes of data files a query reads, and the most that it may.
struct ScanLimit: Sendable {
    let limit: Int?
    private(set) var bytes = 0

    /// The query wants more than its work group lets it scan; Athena cancels it.
    /// - SeeAlso: <https://docs.aws.amazon.com/athena/latest/ug/workgroups-setting-control-limits-cloudwatch.html>
    struct Exceeded: Error, Hashable {
        /// What the work group allows, in bytes.
        let limit: Int

        /// As Athena words it.
        static let reason = "Bytes scanned limit was exceeded"
    }

    init(_ limit: Int?) { self.limit = limit }

    /// Counts bytes, before they are read.
    mutating func scan(_ count: Int) throws(Exceeded) {
        let (sum, overflows) = bytes.addingReportingOverflow(count)
        bytes = overflows ? .max : sum
        guard let limit, bytes > limit else { return }
        bytes = limit
        throw Exceeded(limit: limit)
    }
}
