internal import Columns

/// What becomes of some rows, column by column.
struct RowPlan {
    /// Their places, ascending.
    private var places: [Int32] = []
    /// Of each row the change that gives it its columns, but for ``others``; negative for the row as it is stored, or for nulls.
    private var changes: [Int32] = []
    /// By the row's number in the plan, then by the column's.
    private var others: [Int: [Int: RowState.Source]] = [:]
    private var createdAt = TimeColumn()
    private var updatedAt = TimeColumn()
    private var deletedAt = TimeColumn()
    private var orders = TextColumn()
    private var columnOrders = TextColumn()
    /// Of versions of keys: whether the row is as they say.
    private var areCurrent: [UInt8] = []

    var isEmpty: Bool { places.isEmpty }
    var count: Int { places.count }
    var firstPlace: Int? { places.first.map { Int($0) } }

    /// - Parameter stored: nil for a row that is new.
    mutating func append(_ state: RowState, at place: Int, stored: StoredRow?) {
        let place = Int32(place)
        if !state.others.isEmpty { others[places.count] = state.others }
        places.append(place)
        areCurrent.append(state.updatedAt == nil && state.deletedAt == nil ? 1 : 0)
        if case .change(let row) = state.base { changes.append(Int32(row)) } else { changes.append(-1) }
        // Most of what silver adds stays as it is, and then its chunk is copied.
        if stored?.createdAt != state.createdAt { createdAt.append(state.createdAt, at: place) }
        if stored == nil || stored?.updatedAt != state.updatedAt { updatedAt.append(state.updatedAt, at: place) }
        if stored == nil || stored?.deletedAt != state.deletedAt { deletedAt.append(state.deletedAt, at: place) }
        if stored?.order != state.order { orders.append(state.order, at: place) }
        if stored.map({ !$0.columnOrders.isEmpty || state.columnOrders != nil }) ?? true {
            columnOrders.append(state.columnOrders?[...], at: place)
        }
    }

    /// The new values of a column of the contract; nil if it stays as it is.
    func replacements(of column: Int, isKey: Bool, _ source: ColumnRows) -> Replacements? {
        // A row that is found by its key has it already.
        guard !isKey else { return nil }
        if others.isEmpty, changes.allSatisfy({ $0 >= 0 }) {
            return Replacements(places: places, values: source.gathered(changes))
        }
        var changed: (places: [Int32], rows: [Int32]) = ([], [])
        for row in places.indices {
            guard let change = change(of: row, column) else { continue }
            changed.places.append(places[row])
            changed.rows.append(change)
        }
        return changed.places.isEmpty
            ? nil : Replacements(places: changed.places, values: source.gathered(changed.rows))
    }

    /// The values of a column of the contract for rows that are new.
    func values(of column: Int, _ source: ColumnRows) -> ColumnArray {
        source.gathered(others.isEmpty ? changes : places.indices.map { change(of: $0, column) ?? -1 })
    }

    /// The changes that give rows a value of a column, by the rows' places.
    func changes(of column: Int) -> [(place: Int, change: Int)] {
        places.indices.compactMap { row in change(of: row, column).map { (Int(places[row]), Int($0)) } }
    }

    private func change(of row: Int, _ column: Int) -> Int32? {
        switch others[row]?[column] {
        case .change(let change): Int32(change)
        case .stored, .some(.none): nil
        case nil: changes[row] < 0 ? nil : changes[row]
        }
    }

    /// The new values of the columns that silver adds.
    var systemReplacements: [Replacements?] {
        [
            createdAt.replacements, updatedAt.replacements, deletedAt.replacements, orders.replacements,
            columnOrders.replacements,
        ]
    }

    /// The columns that silver adds to versions of keys.
    var versionValues: [ColumnArray] { systemValues + [ColumnArray(.boolean(areCurrent))] }

    /// The columns that silver adds, for rows that are new.
    var systemValues: [ColumnArray] {
        [createdAt.array, updatedAt.array, deletedAt.array, orders.array, columnOrders.array]
    }
}

/// New values for some rows of a column.
struct Replacements: Sendable {
    /// Of the rows in their row group, ascending.
    let places: [Int32]
    /// A row for each place.
    let values: ColumnRows

    init(places: [Int32], values: ColumnArray) {
        self.places = places
        self.values = ColumnRows(values, rowCount: places.count)
    }
}

private struct TimeColumn {
    private var places: [Int32] = []
    private var values: [Int64] = []
    private var presence = Presence()

    mutating func append(_ value: Int64?, at place: Int32) {
        places.append(place)
        if let value { values.append(value) }
        presence.append(isPresent: value != nil)
    }

    var array: ColumnArray { ColumnArray(.int64(values), presence: presence.words) }
    var replacements: Replacements? { places.isEmpty ? nil : Replacements(places: places, values: array) }
}

private struct TextColumn {
    private var places: [Int32] = []
    private var values = ByteArrays()
    private var presence = Presence()

    mutating func append(_ value: ArraySlice<UInt8>?, at place: Int32) {
        places.append(place)
        if let value { values.append(value) }
        presence.append(isPresent: value != nil)
    }

    var array: ColumnArray { ColumnArray(.byteArray(values), presence: presence.words) }
    var replacements: Replacements? { places.isEmpty ? nil : Replacements(places: places, values: array) }
}

extension Presence {
    /// Adds one row.
    fileprivate mutating func append(isPresent: Bool) {
        if isPresent { return appendPresent(1) }
        var none: UInt64 = 0
        append(&none, rows: 1)
    }
}
