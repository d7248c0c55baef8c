internal import EmulatorCore

/// Encodes items for the store, as compact bytes that are equal for equal items.
///
/// An item is the count of its attributes, then the name and value of each. A value is a tag and its content; text and
/// bytes follow their length. Counts, lengths and digits are LEB128.
struct ItemWriter {
    private(set) var bytes: [UInt8] = []

    static func bytes(of item: Item) -> [UInt8] {
        var writer = ItemWriter()
        writer.bytes.reserveCapacity(256)
        writer.write(item)
        return writer.bytes
    }

    mutating func write(_ item: Item) {
        write(UInt128(item.count))
        for attribute in item.attributes {
            write(attribute.name)
            write(attribute.value)
        }
    }

    mutating func write(_ value: AttributeValue) {
        bytes.append(ItemCoding.tag(of: value.kind))
        switch value {
        case .string(let text): write(text)
        case .number(let number): write(number)
        case .binary(let content): write(content)
        case .bool(let value): bytes.append(value ? 1 : 0)
        case .null: break
        case .stringSet(let members):
            write(UInt128(members.count))
            for member in members { write(member) }
        case .numberSet(let members):
            write(UInt128(members.count))
            for member in members { write(member) }
        case .binarySet(let members):
            write(UInt128(members.count))
            for member in members { write(member) }
        case .list(let elements):
            write(UInt128(elements.count))
            for element in elements { write(element) }
        case .map(let item): write(item)
        }
    }

    private mutating func write(_ text: String) {
        write(UInt128(text.utf8.count))
        bytes.append(contentsOf: text.utf8)
    }

    private mutating func write(_ content: [UInt8]) {
        write(UInt128(content.count))
        bytes.append(contentsOf: content)
    }

    private mutating func write(_ number: DecimalNumber) {
        bytes.append(number.isNegative ? 1 : 0)
        write(UInt128(number.exponent + ItemCoding.exponentBias))
        write(number.significand)
    }

    private mutating func write(_ value: UInt128) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(truncatingIfNeeded: rest))
    }
}

enum ItemCoding {
    /// Makes every exponent positive: the smallest one is -130 - 37.
    static let exponentBias = 200

    static func tag(of kind: AttributeValue.Kind) -> UInt8 {
        switch kind {
        case .string: 1
        case .number: 2
        case .binary: 3
        case .bool: 4
        case .null: 5
        case .stringSet: 6
        case .numberSet: 7
        case .binarySet: 8
        case .list: 9
        case .map: 10
        }
    }

    static let kinds: [AttributeValue.Kind?] = {
        var kinds = [AttributeValue.Kind?](repeating: nil, count: 16)
        for kind in AttributeValue.Kind.allCases { kinds[Int(tag(of: kind))] = kind }
        return kinds
    }()
}

/// The stored bytes are not an item: something else changed the database.
struct DamagedItem: Error, CustomStringConvertible {
    var byte: Int
    var description: String {
        "a stored DynamoDB item is damaged at byte \(byte); check whether another program changed the data folder"
    }
}

/// Decodes the output of ``ItemWriter``.
struct ItemReader {
    private let bytes: [UInt8]
    private var at = 0

    private init(_ bytes: [UInt8]) { self.bytes = bytes }

    static func item(from bytes: [UInt8]) throws(DamagedItem) -> Item {
        var reader = ItemReader(bytes)
        return try reader.item()
    }

    private mutating func item() throws(DamagedItem) -> Item {
        let count = try length()
        var attributes: [Item.Attribute] = []
        attributes.reserveCapacity(count)
        for _ in 0..<count { attributes.append(Item.Attribute(name: try text(), value: try value())) }
        return Item(ordered: attributes)
    }

    private mutating func value() throws(DamagedItem) -> AttributeValue {
        let tag = try byte()
        guard tag < 16, let kind = ItemCoding.kinds[Int(tag)] else { throw DamagedItem(byte: at) }
        switch kind {
        case .string: return .string(try text())
        case .number: return .number(try number())
        case .binary: return .binary(Array(try content()))
        case .bool: return .bool(try byte() == 1)
        case .null: return .null
        case .stringSet: return .stringSet(try repeated { reader throws(DamagedItem) in try reader.text() })
        case .numberSet: return .numberSet(try repeated { reader throws(DamagedItem) in try reader.number() })
        case .binarySet: return .binarySet(try repeated { reader throws(DamagedItem) in Array(try reader.content()) })
        case .list: return .list(try repeated { reader throws(DamagedItem) in try reader.value() })
        case .map: return .map(try item())
        }
    }

    private mutating func repeated<Element>(
        _ element: (inout ItemReader) throws(DamagedItem) -> Element
    ) throws(DamagedItem) -> [Element] {
        let count = try length()
        var elements: [Element] = []
        elements.reserveCapacity(count)
        for _ in 0..<count { elements.append(try element(&self)) }
        return elements
    }

    private mutating func byte() throws(DamagedItem) -> UInt8 {
        guard at < bytes.count else { throw DamagedItem(byte: at) }
        defer { at += 1 }
        return bytes[at]
    }

    private mutating func integer() throws(DamagedItem) -> UInt128 {
        var value: UInt128 = 0
        var shift: UInt128 = 0
        while true {
            let next = try byte()
            value |= UInt128(next & 0x7F) << shift
            if next < 0x80 { return value }
            shift += 7
        }
    }

    /// A count or length, at most the number of remaining bytes.
    private mutating func length() throws(DamagedItem) -> Int {
        let value = try integer()
        guard value <= UInt128(bytes.count - at) else { throw DamagedItem(byte: at) }
        return Int(value)
    }

    private mutating func content() throws(DamagedItem) -> ArraySlice<UInt8> {
        let length = try length()
        defer { at += length }
        return bytes[at..<at + length]
    }

    private mutating func text() throws(DamagedItem) -> String { String(decoding: try content(), as: UTF8.self) }

    private mutating func number() throws(DamagedItem) -> DecimalNumber {
        let isNegative = try byte() == 1
        let exponent = Int(truncatingIfNeeded: try integer()) - ItemCoding.exponentBias
        return DecimalNumber(normalized: try integer(), exponent: exponent, isNegative: isNegative)
    }
}
