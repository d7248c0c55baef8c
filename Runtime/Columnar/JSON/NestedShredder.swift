internal import Columns
internal import Contracts

/// Splits the structs and lists of one column into leaves, directly from their text, without a tree of values.
///
/// Of a key that repeats, the last value counts. Earlier ones, and members that the contract does not know, are collected
/// with their paths.
/// - SeeAlso: <https://research.google/pubs/dremel-interactive-analysis-of-web-scale-datasets-2/>
final class NestedShredder {
    // All of the walk's steps share one access to it: a check for each would take longer than the steps do.
    private var walk: NestedWalk

    /// - Parameter hidesText: whether values must be shown neither in messages nor under unknown names.
    /// - Throws: ``ColumnarError/badConstraint(column:reason:)``.
    init(_ column: BronzeColumn, hidesText: Bool) throws(ColumnarError) {
        var checks: [ValueCheck?] = []
        for leaf in column.leaves {
            guard let constraints = leaf.field.constraints else {
                checks.append(nil)
                continue
            }
            checks.append(try ValueCheck(constraints, of: leaf.field.type, at: leaf.path))
        }
        walk = NestedWalk(NestedNode(column), hidesText: hidesText, checks)
    }

    /// The unknown members of the last row, as members of a JSON object; empty if there are none.
    var unknown: [UInt8] { walk.unknown.text }

    /// Adds a row to the leaves.
    ///
    /// After a fault the leaves differ in length, and the caller takes the row back.
    /// - Parameter text: the row's value, which is checked JSON; nil for a null.
    func append(_ text: FieldText?, to leaves: inout [ColumnArray]) throws(NestedFault) {
        try walk.append(text, to: &leaves)
    }
}

/// A walk through one value after the other of a nested type.
private struct NestedWalk: ~Copyable {
    private let root: NestedNode
    private let hidesText: Bool
    /// What the values of each leaf must satisfy, if anything.
    private var checks: [ValueCheck?]
    private(set) var unknown: UnknownMembers
    private var spelling = JSONSpelling()
    private var json = JSONMinifier()
    /// Where in the value the walk is, as ``NestedNode/path(_:withNumbers:)`` has it.
    private var steps: [Int] = []
    /// The members of the structs that are being read, those of the innermost last.
    private var members: [JSONLine.Value?] = []

    init(_ root: NestedNode, hidesText: Bool, _ checks: [ValueCheck?]) {
        self.root = root
        self.checks = checks
        self.hidesText = hidesText
        unknown = UnknownMembers(hidesValues: hidesText)
    }

    mutating func append(
        _ text: FieldText?, to leaves: inout [ColumnArray]
    ) throws(NestedFault) {
        unknown.removeAll()
        steps.removeAll(keepingCapacity: true)
        members.removeAll(keepingCapacity: true)
        guard let text, let start = text.baseAddress else {
            for index in leaves.indices { leaves[index].appendEntry(repetition: 0, definition: 0) }
            return
        }
        let value = JSONLine.Value(start: 0, end: text.count, hasEscapes: false)
        try appendPresent(value, of: start, as: root, repetition: 0, to: &leaves)
    }

    private mutating func append(
        _ value: JSONLine.Value?, of text: UnsafePointer<UInt8>, as node: NestedNode, repetition: UInt8,
        to leaves: inout [ColumnArray]
    ) throws(NestedFault) {
        if let value, !Self.written(value, in: text).isJSONNull {
            return try appendPresent(value, of: text, as: node, repetition: repetition, to: &leaves)
        }
        guard !node.column.isRequired else {
            throw fault(FieldFault(.missingValue, "a value is required and missing"), about: nil)
        }
        for leaf in node.leaves {
            leaves[leaf].appendEntry(repetition: repetition, definition: node.definition - 1)
        }
    }

    private mutating func appendPresent(
        _ value: JSONLine.Value, of text: UnsafePointer<UInt8>, as node: NestedNode, repetition: UInt8,
        to leaves: inout [ColumnArray]
    ) throws(NestedFault) {
        switch node.column.type {
        case .structure: try appendStructure(value, of: text, as: node, repetition: repetition, to: &leaves)
        case .list: try appendList(value, of: text, as: node, repetition: repetition, to: &leaves)
        default:
            let leaf = node.leaves.lowerBound
            do throws(FieldFault) {
                try appendSingle(value, of: text, as: node.column, to: &leaves[leaf].values)
                try checks[leaf]?.checkLast(of: leaves[leaf].values)
            } catch {
                throw fault(error, about: Self.written(value, in: text))
            }
            leaves[leaf].appendEntry(repetition: repetition, definition: node.definition)
        }
    }

    private mutating func appendSingle(
        _ value: JSONLine.Value, of text: UnsafePointer<UInt8>, as column: BronzeColumn, to values: inout ColumnValues
    ) throws(FieldFault) {
        let written = Self.written(value, in: text)
        if case .json(let root) = column.type {
            if written.isNestedJSON { return values.append(text: try json.minified(checked: written, root)) }
            guard let held = try spelling.decodeJSON(written, isCareful: value.hasEscapes),
                let short = try json.minified(held, root)
            else {
                throw FieldFault(.notJSON, "holds a null in a string; write the null itself")
            }
            return values.append(text: short)
        }
        let isText = column.type == .string
        guard let single = try spelling.decode(written, isCareful: value.hasEscapes, isText: isText) else {
            throw FieldFault(.notJSON, "is not a JSON value")
        }
        try values.append(parsing: single, as: column.type, truncates: column.truncatesFraction, format: column.format)
    }

    private mutating func appendStructure(
        _ value: JSONLine.Value, of text: UnsafePointer<UInt8>, as node: NestedNode, repetition: UInt8,
        to leaves: inout [ColumnArray]
    ) throws(NestedFault) {
        guard text[value.start] == UInt8(ascii: "{") else {
            throw fault(FieldFault(.notAnObject, "is not an object"), about: Self.written(value, in: text))
        }
        let first = members.count
        for _ in node.children { members.append(nil) }
        var cursor = JSONCursor(text, inside: value.start)
        var expected = 0
        while let (key, member) = cursor.nextMember() {
            var rescued: JSONLine.Value? = member
            if let field = spelling.index(of: key, in: text, among: node.names, expected: expected) {
                rescued = members[first + field].flatMap { Self.written($0, in: text).isJSONNull ? nil : $0 }
                members[first + field] = member
                expected = field + 1
            }
            guard let rescued else { continue }
            unknown.append(
                of: root.path(steps, withNumbers: true), key: Self.written(key, in: text),
                value: Self.written(rescued, in: text), hidesName: node.isClassified)
        }
        for (index, child) in node.children.enumerated() {
            steps.append(index)
            try append(members[first + index], of: text, as: child, repetition: repetition, to: &leaves)
            steps.removeLast()
        }
        members.removeSubrange(first...)
    }

    private mutating func appendList(
        _ value: JSONLine.Value, of text: UnsafePointer<UInt8>, as node: NestedNode, repetition: UInt8,
        to leaves: inout [ColumnArray]
    ) throws(NestedFault) {
        guard text[value.start] == UInt8(ascii: "[") else {
            throw fault(FieldFault(.notAnArray, "is not an array"), about: Self.written(value, in: text))
        }
        var cursor = JSONCursor(text, inside: value.start)
        var count = 0
        while let element = cursor.nextElement() {
            steps.append(count)
            try append(
                element, of: text, as: node.children[0], repetition: count == 0 ? repetition : node.repetition,
                to: &leaves)
            steps.removeLast()
            count += 1
        }
        guard count == 0 else { return }
        for leaf in node.leaves {
            leaves[leaf].appendEntry(repetition: repetition, definition: node.definition)
        }
    }

    private static func written(_ value: JSONLine.Value, in text: UnsafePointer<UInt8>) -> FieldText {
        FieldText(start: text + value.start, count: value.end - value.start)
    }

    private func fault(_ fault: FieldFault, about value: FieldText?) -> NestedFault {
        let shown = hidesText ? nil : value?.shown
        let value = fault.reason == .missingValue ? "" : "\(shown ?? "the value") "
        return NestedFault(
            place: root.path(steps, withNumbers: false), reason: fault.reason,
            message: "\(root.path(steps, withNumbers: true)): \(value)\(fault.complaint)")
    }
}

/// Why a nested value breaks the contract, and where in it.
struct NestedFault: Error {
    /// Such as `orders[].price`.
    let place: String
    let reason: RejectedRow.Reason
    let message: String
}

extension JSONSpelling {
    /// Which of `names` a key is; nil for none of them. It is looked for from `expected` on: keys often come in order.
    mutating func index(
        of key: JSONLine.Value, in text: UnsafePointer<UInt8>, among names: [[UInt8]], expected: Int
    ) -> Int? {
        let inside = FieldText(start: text + key.start + 1, count: key.end - key.start - 2)
        // The key has been checked, so what cannot be decoded is not there.
        guard let name = key.hasEscapes ? try? unescape(inside) : inside else { return nil }
        for tried in names.indices {
            let index = expected + tried < names.count ? expected + tried : expected + tried - names.count
            if names[index].count == name.count, name.elementsEqual(names[index]) { return index }
        }
        return nil
    }
}
