internal import AWSClient
public import AWSModels

/// Some of the records that a query finds, and where to read on.
public struct ControlPage: Sendable, Hashable {
    /// Where the next page starts: the index has several partitions, and a key in each.
    public struct Place: Sendable, Hashable {
        public let partition: Int
        /// The key that the next page starts after; nil at the start of the partition.
        public let key: Item?

        public init(partition: Int, key: Item? = nil) {
            self.partition = partition
            self.key = key
        }
    }

    public let records: [ControlRecord]
    /// Nil on the last page.
    public let next: Place?
}

extension ControlTable {
    /// Reads one page of what a query finds: one call, however many records there are.
    ///
    /// - Parameters:
    ///   - query: not ``ControlQuery/open(in:)``, whose order changes with the time.
    ///   - limit: the most records that are examined.
    ///   - place: the ``ControlPage/next`` of the page before; nil for the first page.
    public func page(
        _ query: ControlQuery, limit: Int, from place: ControlPage.Place? = nil
    ) throws(ControlError) -> ControlPage {
        let requests = requests(for: query)
        let partition = place?.partition ?? 0
        guard requests.indices.contains(partition) else { return ControlPage(records: [], next: nil) }
        var request = requests[partition]
        request.limit = limit
        request.exclusiveStartKey = place?.key
        let page: QueryPage
        do throws(AWSError) { page = try dynamoDB.query(request) } catch { throw .aws(error) }
        var records: [ControlRecord] = []
        for item in page.items {
            let record = try ControlRecord(item: item)
            if query.fits(record) { records.append(record) }
        }
        let next: ControlPage.Place? =
            if let key = page.lastEvaluatedKey {
                .init(partition: partition, key: key)
            } else if partition + 1
                < requests.count
            { .init(partition: partition + 1) } else { nil }
        return ControlPage(records: records, next: next)
    }
}
