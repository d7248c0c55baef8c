internal import Console
internal import Control
internal import JSON
internal import Time

/// The records that a filter finds, in order, by what they are sorted by and their IDs alone.
///
/// It serves the next pages of a list, and the same page while it is live: only the records on the page are read again.
struct SortedList: Sendable {
    /// Where a record is in an order: numbers and texts do not meet in one, and what is not known comes first.
    struct Place: Sendable, Hashable, Comparable {
        let number: Int
        let text: String
        let id: String

        static func < (left: Place, right: Place) -> Bool {
            (left.number, left.text, left.id) < (right.number, right.text, right.id)
        }
    }

    private let places: [Place]
    private let isAscending: Bool
    /// Records of the index that were looked at.
    let examined: Int
    /// Whether the index has more.
    let isMore: Bool

    init(_ places: [Place], isAscending: Bool, examined: Int, isMore: Bool) {
        self.places = isAscending ? places.sorted() : places.sorted(by: >)
        self.isAscending = isAscending
        self.examined = examined
        self.isMore = isMore
    }

    /// What comes after the last record of a page; all for the first page.
    func places(after place: Place?) -> ArraySlice<Place> {
        guard let place else { return places[...] }
        var (low, high) = (places.startIndex, places.endIndex)
        while low < high {
            let middle = low + (high - low) / 2
            if isAscending ? places[middle] <= place : places[middle] >= place {
                low = middle + 1
            } else {
                high = middle
            }
        }
        return places[low...]
    }
}

extension FileFilter.Sort {
    /// The attribute that decides.
    var attribute: String {
        switch self {
        case .changed: "updated_at"
        case .arrived: "created_at"
        case .status: "status"
        case .table: "table_name"
        case .file: "object_key"
        case .size: "file_size"
        case .read: "record_count"
        case .written: "written_count"
        case .quarantined: "quarantined_count"
        case .tries: "attempt_count"
        case .took: "duration"
        case .error: "error_type"
        }
    }
}

extension SortedList.Place {
    /// What a record has not comes first: it is less than each number.
    private static let unknown = -1

    /// Nil for an item that is no record.
    init?(item: JSON, by sort: FileFilter.Sort) {
        guard let id = item["control_id"]?["S"]?.string else { return nil }
        let value = item[sort.attribute]
        let text = value?["S"]?.string ?? ""
        let number =
            switch sort {
            case .changed, .arrived: Timestamp(rfc3339: text).map { Int($0.milliseconds) } ?? Self.unknown
            default: value?["N"]?.string.flatMap { Int($0) } ?? Self.unknown
            }
        let word =
            switch sort {
            case .file: text.split(separator: "/").last.map(String.init) ?? ""
            case .status, .table, .error: text
            default: ""
            }
        self.init(number: number, text: word, id: id)
    }
}

/// The sorted lists that were read last.
struct SortedLists: Sendable {
    private struct Entry: Sendable {
        let filter: FileFilter
        let sort: FileFilter.Sort
        let list: SortedList
        let expiresAt: ContinuousClock.Instant
    }

    private var entries: [Entry] = []

    private static let mostLists = 4
    /// A list lasts as many times as long as reading it took.
    private static let rest = 20
    private static let longestLife = Duration.seconds(60)

    func list(of filter: FileFilter, by sort: FileFilter.Sort) -> SortedList? {
        let key = Self.key(filter)
        return entries.first { $0.sort == sort && $0.filter == key && $0.expiresAt > .now }?.list
    }

    mutating func keep(_ list: SortedList, of filter: FileFilter, by sort: FileFilter.Sort, took: Duration) {
        let key = Self.key(filter)
        entries.removeAll { $0.expiresAt <= .now || $0.sort == sort && $0.filter == key }
        if entries.count >= Self.mostLists { entries.removeFirst() }
        entries.append(
            Entry(filter: key, sort: sort, list: list, expiresAt: .now + min(took * Self.rest, Self.longestLife)))
    }

    /// Pages of one list differ in where they begin and end.
    private static func key(_ filter: FileFilter) -> FileFilter {
        var key = filter
        (key.after, key.limit) = (nil, 0)
        return key
    }
}
