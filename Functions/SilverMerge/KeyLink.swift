internal import JSON

/// What the row of a former key keeps of a change that gave the row another key and did not carry all columns: the new row has
/// their values from this one.
///
/// The link stays, because a change of the former key that comes late may be the one that has the value.
struct KeyLink: Sendable, Hashable {
    /// Of the change.
    let order: [UInt8]
    /// The new key's values, as Iceberg serializes them.
    let key: [[UInt8]]
    /// The ids of the fields that the change left out.
    let columns: Set<String>

    /// The member of ``StateColumn/columnOrders`` that has the links.
    static let member = ">"

    init(order: [UInt8], key: [[UInt8]], columns: Set<String>) {
        self.order = order
        self.key = key
        self.columns = columns
    }

    /// Reads `["order", ["hexadecimal", …], ["5", …]]`; nil for anything else.
    init?(_ json: JSON) {
        guard let parts = json.array, parts.count == 3, let order = parts[0].string, let key = parts[1].array,
            let columns = parts[2].array
        else { return nil }
        let values = key.compactMap { $0.string.flatMap(Self.bytes) }
        guard values.count == key.count else { return nil }
        self.init(order: Array(order.utf8), key: values, columns: Set(columns.compactMap(\.string)))
    }

    private static func bytes(_ text: String) -> [UInt8]? {
        let digits = Array(text.utf8)
        guard digits.count.isMultiple(of: 2) else { return nil }
        let bytes = stride(from: 0, to: digits.count, by: 2).compactMap { place in
            UInt8(String(decoding: digits[place..<place + 2], as: UTF8.self), radix: 16)
        }
        return bytes.count * 2 == digits.count ? bytes : nil
    }

    private var json: JSON {
        func hexadecimal(_ bytes: [UInt8]) -> String {
            bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        }
        return [
            .string(String(decoding: order, as: UTF8.self)), .array(key.map { .string(hexadecimal($0)) }),
            .array(columns.sorted().map { .string($0) }),
        ]
    }

    /// The text of ``StateColumn/columnOrders`` with links.
    /// - Parameter orders: the text without them.
    static func text(of links: [KeyLink], besides orders: [UInt8]?) -> [UInt8] {
        var members = orders.flatMap { try? JSON(parsing: $0) }?.object ?? [:]
        members[member] = .array(links.map(\.json))
        return JSON.object(members).bytes
    }

    static func < (left: KeyLink, right: KeyLink) -> Bool {
        left.order == right.order
            ? left.key.joined().lexicographicallyPrecedes(right.key.joined())
            : left.order.lexicographicallyPrecedes(right.order)
    }
}

/// A value that the row of a former key gives to the row of the new one.
struct Donation {
    let link: KeyLink
    /// The place of the column in the table.
    let column: Int
    /// Of the value in the row of the new key: behind the change of the key, and before any later change.
    let order: [UInt8]
    let source: RowState.Source
}

extension RowResolver {
    /// The links of a key's row after the batch, in their order.
    func links(of key: Int, _ changes: Changes, _ stored: StoredRow?) -> [KeyLink] {
        let known = stored?.links ?? []
        guard !changes.keyChanges.isEmpty else { return known }
        let new = changes.rows(of: key).compactMap { row in
            changes.keyChanges[Int32(row)].map { change in
                KeyLink(order: change.order, key: change.key, columns: Set(change.columns.map { columnNames[$0] }))
            }
        }
        return new.isEmpty ? known : Set(known + new).sorted(by: <)
    }

    /// The values that a key's row has to give now: all of a new link, and those of late changes by the links that it has.
    func donations(of key: Int, _ changes: Changes, stored: StoredRow?) -> [Donation] {
        var donations: [Donation] = []
        for link in links(of: key, changes, stored) {
            let isNew = !(stored?.links.contains(link) ?? false)
            for (column, name) in columnNames.enumerated() where !isKey[column] && link.columns.contains(name) {
                var latest: (order: [UInt8], source: RowState.Source)?
                if let order = stored?.valueOrder(of: name), !order.isEmpty, order.lexicographicallyPrecedes(link.order)
                {
                    latest = (order, .stored)
                }
                for row in changes.rows(of: key) {
                    guard let order = changes.valueOrder(of: row, column), order.lexicographicallyPrecedes(link.order),
                        latest.map({ !order.lexicographicallyPrecedes($0.order) }) ?? true
                    else { continue }
                    latest = (order, .change(row))
                }
                guard let latest, isNew || latest.source != .stored else { continue }
                donations.append(
                    Donation(
                        link: link, column: column, order: link.order + [UInt8(ascii: "/")] + latest.order,
                        source: latest.source))
            }
        }
        return donations
    }

    /// The row with the values that it is given, for columns that no later change has carried; nil if there are none.
    func donated(_ key: Int, _ changes: Changes, _ stored: StoredRow) -> RowState? {
        var state = RowState(stored)
        var orders = columnNames.map { stored.valueOrder(of: $0) }
        for row in changes.rows(of: key) {
            for (column, order) in changes.donatedOrders[Int32(row)] ?? [:]
            where orders[column].lexicographicallyPrecedes(order) {
                orders[column] = order
                state.others[column] = .change(row)
            }
        }
        guard !state.others.isEmpty else { return nil }
        let named = columnNames.indices.filter { !isKey[$0] }.map { (columnNames[$0], orders[$0]) }
        state.columnOrders = Self.text(of: named, others: stored.otherOrder, besides: Array(stored.order))
        return state
    }
}
