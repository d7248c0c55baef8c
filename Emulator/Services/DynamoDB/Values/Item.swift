internal import EmulatorCore

/// An item or a map inside one. Attributes are ordered by the UTF-8 bytes of their names, so that equal items have
/// equal bytes.
struct Item: Sendable, Equatable {
    struct Attribute: Sendable, Equatable {
        var name: String
        var value: AttributeValue

        static func == (left: Attribute, right: Attribute) -> Bool {
            left.name.hasSameBytes(as: right.name) && left.value == right.value
        }
    }

    private(set) var attributes: [Attribute] = []

    static let sizeLimit = 400 * 1024

    init() {}

    /// - Parameter attributes: sorted by name, without duplicates.
    init(ordered attributes: [Attribute]) { self.attributes = attributes }

    var isEmpty: Bool { attributes.isEmpty }
    var count: Int { attributes.count }

    subscript(name: String) -> AttributeValue? {
        get {
            let position = position(of: name)
            return holds(name, at: position) ? attributes[position].value : nil
        }
        set {
            let position = position(of: name)
            switch (holds(name, at: position), newValue) {
            case (true, let value?): attributes[position].value = value
            case (true, nil): attributes.remove(at: position)
            case (false, let value?): attributes.insert(Attribute(name: name, value: value), at: position)
            case (false, nil): break
            }
        }
    }

    private func holds(_ name: String, at position: Int) -> Bool {
        position < attributes.count && attributes[position].name.hasSameBytes(as: name)
    }

    /// The position of `name`, or the position at which to insert it.
    private func position(of name: String) -> Int {
        var low = 0
        var high = attributes.count
        while low < high {
            let middle = (low + high) / 2
            if attributes[middle].name.precedesByBytes(name) { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// The size of names and values that counts towards the 400 KB limit and capacity units.
    var sizeInBytes: Int { attributes.reduce(0) { $0 + $1.name.utf8.count + $1.value.sizeInBytes } }

    /// An item with only the named attributes.
    func only(_ names: some Sequence<String>) -> Item {
        var item = Item()
        for name in names { item[name] = self[name] }
        return item
    }
}
