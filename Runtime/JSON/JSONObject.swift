/// The members of a JSON object, in the order in which their names were first set. Equality ignores the order.
public struct JSONObject: Sendable {
    public typealias Member = (name: String, value: JSON)

    private(set) public var members: [Member] = []
    /// Positions by name, for objects so large that a linear search costs more.
    private var positions: [Name: Int]?
    private static let linearLimit = 12

    public init() {}

    public init(_ members: some Sequence<(String, JSON)>) {
        for (name, value) in members { self[name] = value }
    }

    public var isEmpty: Bool { members.isEmpty }
    public var count: Int { members.count }
    public var names: [String] { members.map(\.name) }

    private func position(of name: String) -> Int? {
        let name = Name(text: name)
        if let positions { return positions[name] }
        return members.firstIndex { Name(text: $0.name) == name }
    }

    /// The value of the member `name`. Setting nil removes the member; setting a new name appends it.
    public subscript(name: String) -> JSON? {
        get { position(of: name).map { members[$0].value } }
        set {
            switch (position(of: name), newValue) {
            case (let position?, let value?):
                members[position].value = value
            case (nil, let value?):
                append(name, value)
            case (let position?, nil):
                members.remove(at: position)
                positions = nil
                indexIfLarge()
            case (nil, nil):
                break
            }
        }
    }

    private mutating func append(_ name: String, _ value: JSON) {
        members.append((name, value))
        if positions != nil {
            positions?[Name(text: name)] = members.count - 1
        } else {
            indexIfLarge()
        }
    }

    private mutating func indexIfLarge() {
        guard members.count > Self.linearLimit else { return }
        var index = [Name: Int](minimumCapacity: members.count * 2)
        for (position, member) in members.enumerated() { index[Name(text: member.name)] = position }
        positions = index
    }
}

extension JSONObject {
    /// A name that equals only a name of the same code points. As Swift strings, "é" in one code point and in two are equal:
    /// they would be one member, and one of the two values would be lost.
    private struct Name: Hashable {
        let text: String

        static func == (left: Name, right: Name) -> Bool {
            left.text == right.text && left.text.utf8.elementsEqual(right.text.utf8)
        }
    }
}

extension JSONObject: Sequence {
    public func makeIterator() -> IndexingIterator<[Member]> { members.makeIterator() }
}

extension JSONObject: Hashable {
    public static func == (left: JSONObject, right: JSONObject) -> Bool {
        left.count == right.count && left.members.allSatisfy { right[$0.name] == $0.value }
    }

    public func hash(into hasher: inout Hasher) {
        var combined = 0
        for (name, value) in members {
            var member = Hasher()
            member.combine(name)
            member.combine(value)
            combined ^= member.finalize()
        }
        hasher.combine(combined)
    }
}

extension JSONObject: ExpressibleByDictionaryLiteral {
    public init(dictionaryLiteral elements: (String, JSON)...) {
        self.init(elements)
    }
}
