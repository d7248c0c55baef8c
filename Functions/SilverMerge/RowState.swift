internal import JSON
internal import Lake

/// What a row becomes: where each of its values comes from, and what silver says about it.
struct RowState {
    enum Source: Hashable {
        /// The row as the table has it.
        case stored
        case change(Int)
        /// Nobody has given a value yet.
        case none
    }

    /// The source of the columns that are not in `others`.
    var base: Source
    var others: [Int: Source] = [:]
    var createdAt: Int64
    /// Of a version of a key: the time of the next; nil if there is none.
    var updatedAt: Int64?
    var deletedAt: Int64?
    var order: ArraySlice<UInt8>
    /// For columns that the last change did not carry: the order of the change that did, empty if none did; as JSON.
    var columnOrders: [UInt8]?

    func source(of column: Int) -> Source { others[column] ?? base }
}

extension RowState {
    /// The row as it is.
    init(_ stored: StoredRow) {
        let orders = stored.columnOrders.sorted { $0.key < $1.key }.map {
            ($0.key, JSON.string(String(decoding: $0.value, as: UTF8.self)))
        }
        self.init(
            base: .stored, createdAt: stored.createdAt, updatedAt: stored.updatedAt, deletedAt: stored.deletedAt,
            order: stored.order, columnOrders: orders.isEmpty ? nil : JSON.object(JSONObject(orders)).bytes)
    }
}

/// A row of the table before the batch, as far as the merge needs it.
struct StoredRow {
    let createdAt: Int64
    let updatedAt: Int64?
    let deletedAt: Int64?
    let order: ArraySlice<UInt8>
    /// By the columns' field ids; `*` stands for all that have no entry.
    let columnOrders: [String: [UInt8]]
    /// To the rows that have got this one's values with another key.
    let links: [KeyLink]
}

/// Finds out what the changes of a key, in whatever order they came, and the stored row make together.
///
/// For each column the value of the latest change that carries it counts. That is the same for every order of batches,
/// because the order of a value is kept beside the row where it is not the row's own.
struct RowResolver {
    let columnNames: [String]
    let isKey: [Bool]
    /// The last truncate that is known of the table.
    let truncate: Changes.Truncate?

    /// - Parameter key: nil for a stored row that no change of the batch names.
    /// - Returns: nil if the stored row stays as it is.
    func resolve(_ key: Int?, _ changes: Changes, stored: StoredRow?) -> RowState? {
        let state = withoutLinks(key, changes, stored)
        let links = key.map { self.links(of: $0, changes, stored) } ?? stored?.links ?? []
        guard !links.isEmpty else { return state }
        let unchanged = stored.flatMap { $0.links.count < links.count ? RowState($0) : nil }
        guard var linked = state ?? unchanged else { return nil }
        linked.columnOrders = KeyLink.text(of: links, besides: linked.columnOrders)
        return linked
    }

    private func withoutLinks(_ key: Int?, _ changes: Changes, _ stored: StoredRow?) -> RowState? {
        guard let key else { return stored.flatMap { truncated($0) } }
        if changes.areDonations { return stored.flatMap { donated(key, changes, $0) } }
        var last = -1
        var lastOrder: Changes.Order?
        var createdAt = stored?.createdAt ?? .max
        var count = 0
        for row in changes.rows(of: key) {
            let order = changes.order(of: row)
            createdAt = min(createdAt, changes.times[row])
            count += 1
            if let known = lastOrder, order < known { continue }
            (last, lastOrder) = (row, order)
        }
        guard let lastOrder else { return nil }
        let isNewer = stored.map { $0.order.precedes(lastOrder.text) } ?? true
        if let truncate, (isNewer ? lastOrder.text : stored?.order ?? []).lexicographicallyPrecedes(truncate.order) {
            var state = columnwise(
                key, changes, stored, last: isNewer ? last : nil, lastOrder, createdAt, at: truncate.order)
            (state.updatedAt, state.deletedAt) = (truncate.time, truncate.time)
            return state
        }
        if isNewer, changes.isWhole(last) {
            return RowState(
                base: .change(last), createdAt: createdAt, updatedAt: changes.times[last], order: lastOrder.text)
        }
        if let stored, !isNewer, stored.columnOrders.isEmpty {
            // Every column has a later value; the change only tells that the row is older than was known.
            guard createdAt < stored.createdAt else { return nil }
            return RowState(
                base: .stored, createdAt: createdAt, updatedAt: stored.updatedAt, deletedAt: stored.deletedAt,
                order: stored.order)
        }
        return columnwise(key, changes, stored, last: isNewer ? last : nil, lastOrder, createdAt)
    }

    /// The row after the truncate; nil if that came before its last change.
    private func truncated(_ stored: StoredRow) -> RowState? {
        guard let truncate, stored.order.lexicographicallyPrecedes(truncate.order) else { return nil }
        let orders = zip(columnNames, isKey).filter { !$1 }.map { name, _ in (name, stored.valueOrder(of: name)) }
        return RowState(
            base: .stored, createdAt: stored.createdAt, updatedAt: truncate.time, deletedAt: truncate.time,
            order: truncate.order[...],
            columnOrders: Self.text(of: orders, others: stored.otherOrder, besides: truncate.order))
    }

    private func columnwise(
        _ key: Int, _ changes: Changes, _ stored: StoredRow?, last: Int?, _ lastOrder: Changes.Order,
        _ createdAt: Int64,
        at rowOrder: [UInt8]? = nil
    ) -> RowState {
        let rows = changes.rows(of: key).map { (row: $0, order: changes.order(of: $0)) }.sorted { $1.order < $0.order }
        let order = rowOrder ?? (last == nil ? stored.map { Array($0.order) } ?? [] : Array(lastOrder.text))
        var state = RowState(
            base: stored == nil ? .none : .stored, createdAt: createdAt,
            updatedAt: last.map { changes.times[$0] } ?? stored?.updatedAt ?? 0, deletedAt: stored?.deletedAt,
            order: order[...])
        if let last { state.deletedAt = changes.operations[last] == .delete ? changes.times[last] : nil }
        var orders: [(name: String, order: [UInt8])] = []
        for (column, name) in columnNames.enumerated() {
            let storedOrder = stored?.valueOrder(of: name)
            let carrier = rows.first { changes.carries($0.row, column, isKey: isKey[column]) }
            var valueOrder = storedOrder ?? []
            if let carrier, storedOrder.map({ $0[...].lexicographicallyPrecedes(carrier.order.text) }) ?? true {
                state.others[column] = .change(carrier.row)
                valueOrder = Array(carrier.order.text)
            }
            // Every change carries the key.
            if !isKey[column] { orders.append((name, valueOrder)) }
        }
        let whole = rows.first { changes.operations[$0.row] != .delete }.map { Array($0.order.text) } ?? []
        let known = stored?.otherOrder ?? []
        let others = known.lexicographicallyPrecedes(whole) ? whole : known
        state.columnOrders = Self.text(of: orders, others: others, besides: order)
        return state
    }

    /// The orders that are not the row's own, as JSON; nil if there are none.
    ///
    /// `*` stands for all columns that are not named, those too that the table does not have yet: but for deletes, every change
    /// carries them, as nulls. So a late change fills them only if it comes after `others`.
    static func text(
        of orders: [(name: String, order: [UInt8])], others: [UInt8], besides order: [UInt8]
    ) -> [UInt8]? {
        var named = orders.filter { $0.order != others }
        if others != order { named.insert(("*", others), at: 0) }
        guard !named.isEmpty else { return nil }
        let members = named.map { ($0.name, JSON.string(String(decoding: $0.order, as: UTF8.self))) }
        return JSON.object(JSONObject(members)).bytes
    }
}

extension StoredRow {
    /// The order of the change that gave a column its value; empty if none did.
    func valueOrder(of column: String) -> [UInt8] { columnOrders[column] ?? columnOrders["*"] ?? Array(order) }

    /// The order of the last change but for deletes, which carries all columns that it does not name.
    var otherOrder: [UInt8] { columnOrders["*"] ?? Array(order) }

    /// What the text of the column that keeps the orders of single columns says; nil is nothing.
    static func notes(
        _ text: ArraySlice<UInt8>?
    ) throws(SilverError) -> (orders: [String: [UInt8]], links: [KeyLink]) {
        guard let text else { return ([:], []) }
        let fault = SilverError.table(
            "\(StateColumn.columnOrders) is not as silver wrote it; was the table changed by hand?")
        guard let members = (try? JSON(parsing: Array(text)))?.object else { throw fault }
        var orders: [String: [UInt8]] = [:]
        var links: [KeyLink] = []
        for (name, value) in members {
            guard name == KeyLink.member else {
                orders[name] = Array((value.string ?? "").utf8)
                continue
            }
            let elements = value.array ?? []
            links = elements.compactMap { KeyLink($0) }
            guard !links.isEmpty, links.count == elements.count else { throw fault }
        }
        return (orders, links)
    }
}
