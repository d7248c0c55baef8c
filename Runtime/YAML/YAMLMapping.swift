/// A mapping's entries in the order of the document. Keys are scalars, and no key repeats.
public struct YAMLMapping: Sendable, Hashable {
    public struct Entry: Sendable, Hashable {
        public let key: String
        public let keyMark: YAMLMark
        public let value: YAMLNode

        public init(key: String, keyMark: YAMLMark, value: YAMLNode) {
            self.key = key
            self.keyMark = keyMark
            self.value = value
        }
    }

    public private(set) var entries: [Entry] = []
    private var positions: [String: Int] = [:]

    public init() {}

    public var keys: [String] { entries.map(\.key) }

    public subscript(key: String) -> YAMLNode? { entry(for: key)?.value }

    public func entry(for key: String) -> Entry? { positions[key].map { entries[$0] } }

    /// Adds an entry at the end; returns false and adds nothing if the key exists already.
    public mutating func append(_ entry: Entry) -> Bool {
        guard positions[entry.key] == nil else { return false }
        positions[entry.key] = entries.count
        entries.append(entry)
        return true
    }
}

extension YAMLMapping: RandomAccessCollection {
    public var startIndex: Int { 0 }
    public var endIndex: Int { entries.count }
    public subscript(position: Int) -> Entry { entries[position] }
}
