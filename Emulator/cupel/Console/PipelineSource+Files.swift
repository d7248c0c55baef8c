internal import AWSClient
internal import AWSModels
internal import Console
internal import Control
internal import JSON
internal import Time

extension PipelineSource {
    /// The records that are read at most to sort them, or for a filter that no index serves.
    private static let examinedLimit = 10_000
    /// As many records are sorted without being asked to: those of one call.
    private static let unaskedLimit = 1000
    private static let replayLimit = 10_000

    func files(_ filter: FileFilter) throws(ConsoleFault) -> JSON {
        let matching = try Matching(filter)
        guard let text = filter.after else {
            if let sort = filter.sort { return try sorted(matching, by: sort, after: nil, Self.examinedLimit) }
            // A layer that fits one call is sorted; of a larger one, a page in the index's order costs as little.
            if memory.isLarge(matching.query) { return try indexed(matching, from: nil) }
            let all = try sorted(matching, by: .changed, after: nil, Self.unaskedLimit)
            guard all["truncated"]?.bool == true else { return all }
            memory.rememberLarge(matching.query)
            return try indexed(matching, from: nil)
        }
        switch PageMark(text) {
        case .index(let place): return try indexed(matching, from: place)
        case .sorted(let place):
            // The page before was sorted by time without being asked to.
            return try sorted(matching, by: filter.sort ?? .changed, after: place, Self.examinedLimit)
        case nil: throw .badRequest("after: expected the next of a page")
        }
    }

    /// Calls `body` with the records that a filter finds, page after page.
    ///
    /// - Parameter body: says whether to go on.
    /// - Returns: where the index goes on; nil at its end.
    @discardableResult
    private func forEachRecord(
        _ matching: Matching, from start: ControlPage.Place?, pageSize: Int,
        _ body: (_ page: ControlPage, _ records: [ControlRecord]) throws(ConsoleFault) -> Bool
    ) throws(ConsoleFault) -> ControlPage.Place? {
        var place = start
        repeat {
            let page = try faults { () throws(ControlError) in
                try pipeline.control.page(matching.query, limit: pageSize, from: place)
            }
            place = page.next
            guard try body(page, page.records.filter(matching.fits)) else { break }
        } while place != nil
        return place
    }

    /// A page in the order of the index.
    private func indexed(_ matching: Matching, from start: ControlPage.Place?) throws(ConsoleFault) -> JSON {
        let limit = matching.filter.limit
        var records: [ControlRecord] = []
        var examined = 0
        var place = start
        // A page must not find more than it shows, since the next one starts where the index was left.
        repeat {
            place = try forEachRecord(matching, from: place, pageSize: max(1, limit - records.count)) {
                (page, found) throws(ConsoleFault) in
                examined += page.records.count
                records += found
                return false
            }
        } while place != nil && records.count < limit && examined < Self.examinedLimit
        records.sort { ($0.updatedAt, $0.controlID.text) > ($1.updatedAt, $1.controlID.text) }
        return [
            "records": .array(records.map { .object($0.document) }), "examined": .int(examined), "truncated": false,
            "sorted_by": .null, "next": place.map { .string(PageMark.index($0).text) } ?? .null,
        ]
    }

    /// A page of what the filter finds, sorted.
    private func sorted(
        _ matching: Matching, by sort: FileFilter.Sort, after place: SortedList.Place?, _ examinedLimit: Int
    ) throws(ConsoleFault) -> JSON {
        let list = try memory.sortedList(of: matching.filter, by: sort) { () throws(ConsoleFault) in
            try read(matching, by: sort, examinedLimit)
        }
        let rest = list.places(after: place)
        // What was changed since the list was read may fit no more.
        let records = try records(rest.prefix(matching.filter.limit).map(\.id)).filter(matching.fits)
        let last = rest.prefix(matching.filter.limit).last
        let next = rest.count > matching.filter.limit ? last.map { PageMark.sorted($0).text } : nil
        return [
            "records": .array(records.map { .object($0.document) }), "examined": .int(list.examined),
            "truncated": .bool(list.isMore), "sorted_by": .string(sort.rawValue),
            "next": next.map { .string($0) } ?? .null,
        ]
    }

    private func read(
        _ matching: Matching, by sort: FileFilter.Sort, _ examinedLimit: Int
    ) throws(ConsoleFault) -> SortedList {
        var places: [SortedList.Place] = []
        var examined = 0
        let end = try forEachRecord(matching, from: nil, pageSize: 1000) { (page, records) throws(ConsoleFault) in
            examined += page.records.count
            for record in records { places.append(SortedList.Place(of: record, by: sort)) }
            return examined < examinedLimit
        }
        let isAscending = matching.filter.sort != nil && matching.filter.isAscending
        return SortedList(places, isAscending: isAscending, examined: examined, isMore: end != nil)
    }

    /// The records as they are now, in the order of their IDs here; those that are gone are left out.
    private func records(_ ids: [String]) throws(ConsoleFault) -> [ControlRecord] {
        var found: [String: ControlRecord] = [:]
        var rest = ids[...]
        while !rest.isEmpty {
            let part = rest.prefix(100)
            rest = rest.dropFirst(100)
            let items = try faults { () throws(ControlError) in
                do throws(AWSError) {
                    return try DynamoDB(pipeline.client).get(
                        part.map { ["control_id": .string($0)] }, of: pipeline.control.name)
                } catch { throw .aws(error) }
            }
            for item in items {
                let record = try faults { () throws(ControlError) in try ControlRecord(item: item) }
                found[record.controlID.text] = record
            }
        }
        return ids.compactMap { found[$0] }
    }

    // MARK: Replay

    func replay(_ request: ReplayRequest) throws(ConsoleFault) -> JSON {
        var ids: [ControlID] = []
        var isMore = false
        if let filter = request.filter {
            let end = try forEachRecord(try Matching(filter), from: nil, pageSize: 1000) {
                (_, records) throws(ConsoleFault) in
                ids += records.map(\.controlID)
                return ids.count < Self.replayLimit
            }
            isMore = end != nil || ids.count > Self.replayLimit
            ids = Array(ids.prefix(Self.replayLimit))
        } else {
            ids = try commandFaults { () throws(CommandFailure) in
                var ids: [ControlID] = []
                for text in request.ids { ids.append(try pipeline.controlID(text)) }
                return ids
            }
        }
        var results: [ReplayResult] = []
        try faults { () throws(ControlError) in
            try pipeline.control.replay(.ids(ids), ReplayRules(force: request.isForced), dryRun: request.isDryRun) {
                (result) throws(ControlError) in
                results.append(result)
                return true
            }
        }
        if !request.isDryRun { ReplayCommand.startLayers(of: results, pipeline) }
        let documents = results.map(ReplayCommand.document)
        return [
            "records": .array(Array(documents.prefix(1000))), "record_count": .int(documents.count),
            "replayed_count": .int(documents.count { $0["replayed"]?.bool == true }), "truncated": .bool(isMore),
        ]
    }
}

/// A filter with the query that finds its records, and perhaps others.
private struct Matching {
    let filter: FileFilter
    let query: ControlQuery
    private let status: ControlRecord.Status?
    private let since: Timestamp?

    init(_ filter: FileFilter) throws(ConsoleFault) {
        self.filter = filter
        let layer = Layer(rawValue: filter.layer) ?? .bronze
        status = filter.status.flatMap(ControlRecord.Status.init)
        query =
            if let status, status != .success { .status(status, in: layer.schema) } else if let table = filter.table {
                .table(table, in: layer.schema)
            } else { .schema(layer.schema) }
        if let text = filter.since {
            guard let found = Since(argument: text) else {
                throw .badRequest("since: expected 2026-03-01T09:30:00Z, or 90s, 15m, 2h, 3d, not \(text)")
            }
            since = found.timestamp
        } else {
            since = nil
        }
        if let day = filter.day, Timestamp(rfc3339: "\(day)T00:00:00Z") == nil {
            throw .badRequest("day: expected a day such as 2026-11-30, not \(day)")
        }
    }

    func fits(_ record: ControlRecord) -> Bool {
        if let status, record.status != status { return false }
        if let table = filter.table, record.table != table { return false }
        if let since, record.updatedAt < since { return false }
        if let day = filter.day, !record.createdAt.rfc3339.hasPrefix(day) { return false }
        return filter.text.map { record.contains($0) } ?? true
    }
}

extension ControlRecord {
    /// Whether a text is part of what people search by.
    fileprivate func contains(_ text: String) -> Bool {
        let text = text.lowercased()
        return [controlID.text, objectKey, errorType ?? "", errorMessage ?? ""]
            .contains { $0.lowercased().contains(text) }
    }
}

/// Where the next page starts, as part of an address.
private enum PageMark {
    case index(ControlPage.Place)
    case sorted(SortedList.Place)

    /// Nil for a text that no page gave.
    init?(_ text: String) {
        guard let bytes = [UInt8](base64: text), let json = try? JSON(parsing: bytes) else { return nil }
        if let id = json["id"]?.string, let number = json["number"]?.int, let text = json["text"]?.string {
            self = .sorted(SortedList.Place(number: number, text: text, id: id))
            return
        }
        guard let partition = json["partition"]?.int, (0..<64).contains(partition) else { return nil }
        guard let members = json["key"]?.object else {
            self = .index(ControlPage.Place(partition: partition))
            return
        }
        var key: Item = [:]
        for (name, value) in members {
            guard let value = try? AttributeValue(value) else { return nil }
            key[name] = value
        }
        self = .index(ControlPage.Place(partition: partition, key: key))
    }

    var text: String {
        let document: JSON =
            switch self {
            case .index(let place): ["partition": .int(place.partition), "key": place.key?.json ?? .null]
            case .sorted(let place):
                ["number": .int(place.number), "text": .string(place.text), "id": .string(place.id)]
            }
        return document.bytes.base64
    }
}
