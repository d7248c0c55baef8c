internal import CKernels
internal import Contracts

/// The keys of a line's object, and of the objects in it that are flattened, with the fields that their values are.
struct LineKeys {
    indirect enum Target {
        case field(Int)
        /// A flattened object, with all the fields in it.
        case object(LineKeys, fields: [Int])
    }

    /// Such as `customer.address`; empty for the line itself.
    let path: String
    private(set) var names: [[UInt8]] = []
    private(set) var targets: [Target] = []
    /// The places of the names, by the hashes of their bytes.
    private var places: [Int: [Int]] = [:]
    /// The places of the names without regard to case and spaces, of those that no two share.
    private var folded: [String: Int] = [:]
    /// Whether the contract classifies the object as a whole, so that its keys may be values themselves.
    let isClassified: Bool

    /// - Parameter columns: the fields in their order.
    init(_ columns: some Sequence<BronzeColumn>) {
        self.init(Array(columns.enumerated().map { ($0.offset, $0.element) }[...]), path: [])
    }

    private init(_ columns: [(field: Int, column: BronzeColumn)], path: [String]) {
        self.path = path.joined(separator: ".")
        let depth = path.count
        var known: Set<[UInt8]> = []
        var inside: [String: [(field: Int, column: BronzeColumn)]] = [:]
        for entry in columns where entry.column.path.count > depth + 1 {
            inside[entry.column.path[depth], default: []].append(entry)
        }
        isClassified = depth > 0 && columns.allSatisfy(\.column.isClassified)
        for (field, column) in columns {
            let name = Array(column.path[depth].utf8)
            guard column.path.count > depth + 1 else {
                names.append(name)
                targets.append(.field(field))
                continue
            }
            // The first field of an object brings the others along.
            guard known.insert(name).inserted else { continue }
            let inner = inside[column.path[depth]] ?? []
            names.append(name)
            targets.append(
                .object(LineKeys(inner, path: path + [column.path[depth]]), fields: inner.map(\.field)))
        }
        var shared: Set<String> = []
        for (place, name) in names.enumerated() {
            name.withUnsafeBufferPointer { places[Self.hash($0), default: []].append(place) }
            let key = Self.fold(String(decoding: name, as: UTF8.self))
            if folded.updateValue(place, forKey: key) != nil { shared.insert(key) }
        }
        for key in shared { folded[key] = nil }
    }

    /// The place of a name; nil if it is unknown. Keys often come in the contract's order, so `expected` is tried first.
    func index(of name: FieldText, expected: Int) -> Int? {
        if expected < names.count, name.elementsEqual(names[expected]) { return expected }
        return places[Self.hash(name)]?.first { name.elementsEqual(names[$0]) }
    }

    /// The place of the one name that differs from this in case or spaces around it only; nil if there is none. What bronze adds
    /// itself is not meant.
    func foldedIndex(of name: FieldText) -> Int? {
        let text = String(decoding: name, as: UTF8.self)
        guard let place = folded[Self.fold(text)] else { return nil }
        return BronzeColumn.systemNames.contains(String(decoding: names[place], as: UTF8.self)) ? nil : place
    }

    private static func fold(_ name: String) -> String {
        String(name.drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed()).lowercased()
    }

    private static func hash(_ name: FieldText) -> Int {
        var hasher = Hasher()
        hasher.combine(bytes: UnsafeRawBufferPointer(name))
        return hasher.finalize()
    }

    /// Replaces a flattened field among the keys that the kernel knows: no line of UTF-8 has this key.
    static let unmatched: [UInt8] = [0xFF]
}

/// Where a row's values are noted while they are found.
struct RowFields {
    let befores: UnsafeMutablePointer<UInt32>
    let ends: UnsafeMutablePointer<UInt32>
    /// The offset before the row.
    let before: UInt32

    func setNull(_ field: Int) {
        befores[field] = before
        ends[field] = before + 1
    }

    func set(_ field: Int, to value: JSONLine.Value, isNull: Bool) {
        befores[field] = UInt32(value.start - 1) | (value.hasEscapes ? CK_CAREFUL : 0)
        ends[field] = UInt32(isNull ? value.start : value.end)
    }

    /// The value that was last set; nil for a null.
    func value(of field: Int) -> JSONLine.Value? {
        let start = Int(befores[field] & ~CK_CAREFUL) + 1
        guard start < ends[field] else { return nil }
        return JSONLine.Value(start: start, end: Int(ends[field]), hasEscapes: befores[field] & CK_CAREFUL != 0)
    }

    /// Notes the members of a flattened object, which is checked JSON. Of an object or a member that repeats, the last
    /// counts.
    /// - Parameter unknown: gets the members that no field takes, and the values that later ones replace.
    func setMembers(
        of value: JSONLine.Value, _ text: UnsafePointer<UInt8>, _ object: LineKeys, fields: [Int],
        unknown: inout UnknownMembers
    ) throws(JSONLineFault) {
        if fields.contains(where: { self.value(of: $0) != nil }) { rescueAll(object, text, to: &unknown) }
        for field in fields { setNull(field) }
        let written = FieldText(start: text + value.start, count: value.end - value.start)
        guard !written.isJSONNull else { return }
        guard written.first == UInt8(ascii: "{") else {
            throw JSONLineFault(
                reason: .notAnObject,
                message: "\(object.path): \(unknown.hidesValues ? "the value" : written.shown) is not an object",
                place: object.path)
        }
        var spelling = JSONSpelling()
        var cursor = JSONCursor(text, inside: value.start)
        var expected = 0
        while let (key, member) = cursor.nextMember() {
            let written = FieldText(start: text + member.start, count: member.end - member.start)
            guard let index = spelling.index(of: key, in: text, among: object.names, expected: expected) else {
                let key = FieldText(start: text + key.start, count: key.end - key.start)
                unknown.append(of: object.path, key: key, value: written, hidesName: object.isClassified)
                continue
            }
            expected = index + 1
            switch object.targets[index] {
            case .field(let field):
                rescue(field, named: object.names[index], of: object, text, to: &unknown)
                set(field, to: member, isNull: written.isJSONNull)
            case .object(let inner, let fields):
                try setMembers(of: member, text, inner, fields: fields, unknown: &unknown)
            }
        }
    }

    /// Adds the values of a flattened object that a later one replaces.
    private func rescueAll(
        _ object: LineKeys, _ text: UnsafePointer<UInt8>, to unknown: inout UnknownMembers
    ) {
        for (name, target) in zip(object.names, object.targets) {
            switch target {
            case .field(let field): rescue(field, named: name, of: object, text, to: &unknown)
            case .object(let inner, _): rescueAll(inner, text, to: &unknown)
            }
        }
    }

    /// Adds the value that the field has, if any.
    private func rescue(
        _ field: Int, named name: [UInt8], of object: LineKeys, _ text: UnsafePointer<UInt8>,
        to unknown: inout UnknownMembers
    ) {
        guard let value = value(of: field) else { return }
        var key: [UInt8] = []
        key.appendJSON(name)
        let written = FieldText(start: text + value.start, count: value.end - value.start)
        key.withUnsafeBufferPointer { unknown.append(of: object.path, key: $0, value: written) }
    }
}
