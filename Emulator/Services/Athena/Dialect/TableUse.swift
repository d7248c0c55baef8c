/// A table that a statement reads, as one state of it.
struct TableUse: Sendable, Hashable {
    enum State: Sendable, Hashable {
        case current
        /// The snapshot with this ID.
        case version(Int64)
        /// As of a time, in milliseconds since 1970.
        case time(Int64)
        /// What Athena calls `"table$snapshots"`: facts about the table.
        case facts(String)
    }

    let database: String
    let table: String
    var state = State.current
    /// The byte of the statement that names it.
    let offset: Int

    /// The view's name in the engine, unique for the state.
    var view: String {
        switch state {
        case .current: table
        case .version(let id): "\(table)@\(id)"
        case .time(let time): "\(table)@time-\(time)"
        case .facts(let facts): "\(table)$\(facts)"
        }
    }

    /// Two uses of one state are one view.
    static func == (left: TableUse, right: TableUse) -> Bool {
        left.database == right.database && left.view == right.view
    }

    func hash(into hasher: inout Hasher) {
        hasher.combine(database)
        hasher.combine(view)
    }
}
