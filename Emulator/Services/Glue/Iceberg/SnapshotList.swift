internal import JSON

/// A list of a metadata document that has an entry for each snapshot: `snapshots`, `snapshot-log`.
///
/// It is kept as its text, with where each entry is. So a commit adds an entry, whatever the number of those before: it neither
/// parses nor writes them again.
struct SnapshotList: Sendable, Hashable {
    private struct Entry: Sendable, Hashable {
        /// The entry's `snapshot-id`; nil if it has none.
        let id: Int?
        /// Where its text ends.
        let end: Int
    }

    /// The entries, separated by commas.
    private(set) var text: [UInt8] = []
    private var entries: [Entry] = []
    /// The last entry of each snapshot.
    private var places: [Int: Int] = [:]

    init(_ elements: some Sequence<JSON> = []) { for element in elements { append(element) } }

    static func == (left: SnapshotList, right: SnapshotList) -> Bool { left.text == right.text }

    func hash(into hasher: inout Hasher) { hasher.combine(text) }

    var isEmpty: Bool { entries.isEmpty }
    var count: Int { entries.count }

    func contains(_ id: Int) -> Bool { places[id] != nil }

    /// The last entry of a snapshot.
    subscript(id: Int) -> JSON? { places[id].flatMap(element) }

    mutating func append(_ element: JSON) {
        if !entries.isEmpty { text.append(UInt8(ascii: ",")) }
        text += element.bytes
        let id = element["snapshot-id"]?.int
        if let id { places[id] = entries.count }
        entries.append(Entry(id: id, end: text.count))
    }

    /// Removes the entries of some snapshots.
    mutating func remove(_ ids: Set<Int>) {
        guard ids.contains(where: { places[$0] != nil }) else { return }
        keep { id in id.map { !ids.contains($0) } ?? true }
    }

    /// The entries of the snapshots that `isKept` says.
    func filtered(_ isKept: (Int?) -> Bool) -> SnapshotList {
        var list = self
        list.keep(isKept)
        return list
    }

    /// The entries after the last one for which `isHole` holds.
    func suffix(after isHole: (Int?) -> Bool) -> SnapshotList {
        guard let hole = entries.lastIndex(where: { isHole($0.id) }) else { return self }
        var list = SnapshotList()
        for place in (hole + 1)..<entries.count { list.append(from: self, place) }
        return list
    }

    var json: JSON { .array(entries.indices.compactMap(element)) }

    // MARK: Text

    private func range(_ place: Int) -> Range<Int> {
        (place == 0 ? 0 : entries[place - 1].end + 1)..<entries[place].end
    }

    private func element(_ place: Int) -> JSON? { try? JSON(parsing: Array(text[range(place)])) }

    private mutating func keep(_ isKept: (Int?) -> Bool) {
        var kept = SnapshotList()
        for (place, entry) in entries.enumerated() where isKept(entry.id) { kept.append(from: self, place) }
        self = kept
    }

    private mutating func append(from other: SnapshotList, _ place: Int) {
        if !entries.isEmpty { text.append(UInt8(ascii: ",")) }
        text += other.text[other.range(place)]
        let id = other.entries[place].id
        if let id { places[id] = entries.count }
        entries.append(Entry(id: id, end: text.count))
    }
}
