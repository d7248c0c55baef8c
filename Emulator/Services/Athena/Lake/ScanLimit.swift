/// How many bytes of data files a query reads, and the most that it may.
struct ScanLimit: Sendable {
    let limit: Int?
    private(set) var bytes = 0

    init(_ limit: Int?) { self.limit = limit }

    /// Counts bytes, before they are read.
    mutating func scan(_ count: Int) throws(SQLProblem) {
        let (sum, overflows) = bytes.addingReportingOverflow(count)
        bytes = overflows ? .max : sum
        guard let limit, bytes > limit else { return }
        throw .semantic(
            "EXCEEDED_SCAN_LIMIT", "Bytes scanned limit was exceeded: \(bytes) of at most \(limit) bytes", at: nil)
    }
}
