internal import AWSClient
internal import AWSModels
internal import Console
internal import Control
internal import JSON
internal import Time

extension PipelineSource {
    /// The records that are read at most to sort them.
    private static let examinedLimit = 10_000
    /// As many records are sorted without being asked to: those of one call.
    private static let unaskedLimit = 1000
    /// How long records are read to sort them.
    private static let sortTime = Duration.seconds(1)
    /// How long records are searched to replay them.
    private static let replayTime = Duration.seconds(20)
    /// Records that one call of a search examines.
    private static let searchPage = 1000
    private static let replayLimit = 10_000

    func files(_ filter: FileFilter) throws(ConsoleFault) -> JSON {
        let matching = try FileMatching(filter)
        guard let text = filter.after else {
            if let id = filter.text.flatMap({ ControlID($0) }) { return try one(id, matching) }
            if let sort = filter.sort { return try sorted(matching, by: sort, after: nil, Self.examinedLimit) }
            // A layer that fits one call is sorted; of a larger one, a page in the index's order costs as little.
            if memory.isLarge(matching.query) { return try indexed(matching, from: .start) }
            let all = try sorted(matching, by: .changed, after: nil, Self.unaskedLimit)
            guard all["truncated"]?.bool == true else { return all }
            memory.rememberLarge(matching.query)
            return try indexed(matching, from: .start)
        }
        switch PageMark(text) {
        case .index(let place): return try indexed(matching, from: place)
        case .sorted(let place):
            // The page before was sorted by time without being asked to.
            return try sorted(matching, by: filter.sort ?? .changed, after: place, Self.examinedLimit)
        case nil: throw .badRequest("after: expected the next of a page")
        }
    }

    /// The record that a whole ID names, if it fits.
    private func one(_ id: ControlID, _ matching: FileMatching) throws(ConsoleFault) -> JSON {
        let records = try records([id.text]).filter { matching.fits($0) && $0.schema == matching.layer.schema }
        return [
            "records": .array(records.map { .object($0.document) }), "examined": .int(records.count),
            "searched": .null, "total": .null, "truncated": false, "sorted_by": .null, "next": .null,
        ]
    }

    // MARK: In the order of the index

    /// What was found in the order of an index, and where to go on.
    private struct Found {
        var records: [ControlRecord] = []
        /// Nil at the end of the index.
        var next: ControlPage.Place?
        var examined = 0
    }

    /// A page in the order of the index. A search that finds little ends before the page is full.
    private func indexed(_ matching: FileMatching, from start: IndexMark) throws(ConsoleFault) -> JSON {
        var found =
            if let query = matching.records {
                try search(query, from: start.place, limit: matching.filter.limit)
            } else {
                try searchOpenWork(matching, from: start.place)
            }
        found.records.sort { ($0.updatedAt, $0.controlID.text) > ($1.updatedAt, $1.controlID.text) }
        let searched = start.searched + found.examined
        return [
            "records": .array(found.records.map { .object($0.document) }), "examined": .int(found.examined),
            "searched": matching.isSearch ? .int(searched) : .null,
            "total": matching.isSearch ? recordCount(for: matching).map { .int($0) } ?? .null : .null,
            "truncated": false, "sorted_by": .null,
            "next": found.next.map { .string(PageMark.index(IndexMark(place: $0, searched: searched)).text) } ?? .null,
        ]
    }

    /// Searches an index until a page is full or the time is over.
    private func search(
        _ query: RecordQuery, from start: ControlPage.Place, limit: Int
    ) throws(ConsoleFault) -> Found {
        let began = ContinuousClock.now
        var found = Found()
        var key = start.key?.json
        var size = limit
        repeat {
            let page = try page(of: query, after: key, limit: size)
            let taken = page.items.prefix(limit - found.records.count)
            for item in taken { found.records.append(try ControlRecord(document: item, in: pipeline)) }
            if taken.count < page.items.count, let last = taken.last {
                // The next page goes on after the last record that is shown.
                key = JSON.object(
                    JSONObject(
                        ["control_id", "schema_name", "table_name"].compactMap { name in last[name].map { (name, $0) } }
                    ))
                found.examined += page.examined * taken.count / page.items.count
                break
            }
            found.examined += page.examined
            key = page.next
            // Where most records fit, few more than the page lacks are enough.
            let missing = limit - found.records.count
            size =
                found.records.isEmpty
                ? Self.searchPage : min(Self.searchPage, max(20, found.examined * missing / found.records.count))
        } while key != nil && found.records.count < limit && ContinuousClock.now - began < searchTime
        if let key {
            do throws(ModelError) { found.next = ControlPage.Place(partition: 0, key: try Item(attributes: key)) } catch
            { throw .failed("LastEvaluatedKey: \(error)") }
        }
        return found
    }

    /// Searches the records with work left in the same way.
    private func searchOpenWork(
        _ matching: FileMatching, from start: ControlPage.Place
    ) throws(ConsoleFault) -> Found {
        let began = ContinuousClock.now
        let limit = matching.filter.limit
        var found = Found()
        found.next = start
        // A page must not find more than it shows, since the next one starts where the index was left.
        while let place = found.next, found.records.count < limit,
            found.examined == 0 || ContinuousClock.now - began < searchTime
        {
            let page = try openPage(matching, from: place, limit: limit - found.records.count)
            found.examined += page.records.count
            found.records += page.records.filter(matching.fits)
            found.next = page.next
        }
        return found
    }

    private func openPage(
        _ matching: FileMatching, from place: ControlPage.Place?, limit: Int
    ) throws(ConsoleFault) -> ControlPage {
        try faults { () throws(ControlError) in
            try pipeline.control.page(matching.query, limit: limit, from: place)
        }
    }

    /// How many records there are to search, as far as they are counted.
    private func recordCount(for matching: FileMatching) -> Int? {
        guard let query = matching.records, let counts = memory.reading.counts(of: query.layer), !counts.isMore else {
            return nil
        }
        guard let table = query.table else { return counts.total }
        return counts.days.reduce(0) { $0 + ($1.key.table == table ? $1.value.files : 0) }
    }

    // MARK: Sorted

    /// A page of what the filter finds, sorted.
    private func sorted(
        _ matching: FileMatching, by sort: FileFilter.Sort, after place: SortedList.Place?, _ examinedLimit: Int
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
            "searched": .null, "total": .null, "truncated": .bool(list.isMore), "sorted_by": .string(sort.rawValue),
            "next": next.map { .string($0) } ?? .null,
        ]
    }

    private func read(
        _ matching: FileMatching, by sort: FileFilter.Sort, _ examinedLimit: Int
    ) throws(ConsoleFault) -> SortedList {
        var places: [SortedList.Place] = []
        var examined = 0
        var isMore = false
        if var query = matching.records {
            query.attributes = ["control_id", sort.attribute]
            let end = try forEachPage(of: query, limit: 1000, within: Self.sortTime) { (page) throws(ConsoleFault) in
                examined += page.examined
                places += page.items.compactMap { SortedList.Place(item: $0, by: sort) }
                return examined < examinedLimit
            }
            isMore = end != nil
        } else {
            var next: ControlPage.Place? = .init(partition: 0)
            while let place = next, examined < examinedLimit {
                let page = try openPage(matching, from: place, limit: 1000)
                examined += page.records.count
                places += page.records.filter(matching.fits).compactMap {
                    SortedList.Place(item: $0.item.json, by: sort)
                }
                next = page.next
            }
            isMore = next != nil
        }
        let isAscending = matching.filter.sort != nil && matching.filter.isAscending
        return SortedList(places, isAscending: isAscending, examined: examined, isMore: isMore)
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

    /// The records that a filter finds, and whether there may be more.
    private func found(by matching: FileMatching) throws(ConsoleFault) -> (ids: [ControlID], isMore: Bool) {
        var ids: [ControlID] = []
        var isMore = false
        if var query = matching.records {
            query.attributes = ["control_id"]
            let end = try forEachPage(of: query, limit: Self.searchPage, within: Self.replayTime) {
                (page) throws(ConsoleFault) in
                ids += page.items.compactMap { ($0["control_id"]?["S"]?.string).flatMap { ControlID($0) } }
                return ids.count < Self.replayLimit
            }
            isMore = end != nil
        } else {
            var next: ControlPage.Place? = .init(partition: 0)
            while let place = next, ids.count < Self.replayLimit {
                let page = try openPage(matching, from: place, limit: Self.searchPage)
                ids += page.records.filter(matching.fits).map(\.controlID)
                next = page.next
            }
            isMore = next != nil
        }
        return (Array(ids.prefix(Self.replayLimit)), isMore || ids.count > Self.replayLimit)
    }

    func replay(_ request: ReplayRequest) throws(ConsoleFault) -> JSON {
        var ids: [ControlID] = []
        var isMore = false
        if let filter = request.filter {
            (ids, isMore) = try found(by: try FileMatching(filter))
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
