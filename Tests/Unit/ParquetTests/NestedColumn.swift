import Columns
import JSON
import Parquet
import TestRandom

/// A nested field, and the leaves that the format requires for its rows, computed value by value.
struct NestedColumn {
    indirect enum Shape {
        case number(isRequired: Bool)
        case text(isRequired: Bool)
        case structure(isRequired: Bool, [(name: String, shape: Shape)])
        case list(isRequired: Bool, Shape)
    }

    struct Leaf {
        var numbers: [Int64] = []
        var offsets: [UInt32] = [0]
        var bytes: [UInt8] = []
        var levels = NestedLevels(definition: [], repetition: [])
        let isText: Bool

        var batch: ColumnArray {
            ColumnArray(
                isText ? .byteArray(ByteArrays(offsets: offsets, bytes: bytes)) : .int64(numbers), levels: levels)
        }
    }

    let name: String
    let shape: Shape

    /// Creates a column of a random shape: structs and lists nested at most `depth` deep.
    init(_ name: String, depth: Int, using generator: inout SeededGenerator) {
        self.name = name
        shape = Shape.random(depth: depth, isOutermost: true, using: &generator)
    }

    init(_ name: String, _ shape: Shape) {
        self.name = name
        self.shape = shape
    }

    var field: ParquetField { shape.field(named: name) }

    /// The leaves that store `rows`.
    func leaves(of rows: [JSON]) -> [Leaf] {
        var leaves = shape.leaves
        for row in rows {
            var next = 0
            shape.append(row, repetition: 0, definition: 0, depth: 0, to: &leaves, at: &next)
        }
        return leaves
    }
}

extension NestedColumn.Shape {
    private var isRequired: Bool {
        switch self {
        case .number(let isRequired), .text(let isRequired), .structure(let isRequired, _), .list(let isRequired, _):
            isRequired
        }
    }

    static func random(depth: Int, isOutermost: Bool = false, using generator: inout SeededGenerator) -> Self {
        let isRequired = Bool.random(using: &generator)
        switch Int.random(in: isOutermost ? 2...3 : depth == 0 ? 0...1 : 0...3, using: &generator) {
        case 0: return .number(isRequired: isRequired)
        case 1: return .text(isRequired: isRequired)
        case 2:
            let count = Int.random(in: 1...3, using: &generator)
            return .structure(
                isRequired: isRequired,
                (0..<count).map { ("f\($0)", random(depth: depth - 1, using: &generator)) })
        default: return .list(isRequired: isRequired, random(depth: depth - 1, using: &generator))
        }
    }

    func value(using generator: inout SeededGenerator) -> JSON {
        if !isRequired, Int.random(in: 0..<5, using: &generator) == 0 { return .null }
        switch self {
        case .number: return .int(Int.random(in: -20...20, using: &generator))
        case .text:
            return .string(String(repeating: "äb", count: [0, 1, 2, 3, 40].randomElement(using: &generator) ?? 0))
        case .structure(_, let fields):
            var object = JSONObject()
            for field in fields { object[field.name] = field.shape.value(using: &generator) }
            return .object(object)
        case .list(_, let element):
            let count = [0, 0, 1, 2, 3, 20].randomElement(using: &generator) ?? 0
            return .array((0..<count).map { _ in element.value(using: &generator) })
        }
    }

    func field(named name: String) -> ParquetField {
        switch self {
        case .number(let isRequired):
            .column(ParquetColumn(name: name, physicalType: .int64, isRequired: isRequired))
        case .text(let isRequired):
            .column(ParquetColumn(name: name, physicalType: .byteArray, logicalType: .string, isRequired: isRequired))
        case .structure(let isRequired, let fields):
            .structure(
                name: name, isRequired: isRequired, fieldID: nil, fields: fields.map { $0.shape.field(named: $0.name) })
        case .list(let isRequired, let element):
            .list(name: name, isRequired: isRequired, fieldID: nil, element: element.field(named: "element"))
        }
    }

    fileprivate var leaves: [NestedColumn.Leaf] {
        switch self {
        case .number: [NestedColumn.Leaf(isText: false)]
        case .text: [NestedColumn.Leaf(isText: true)]
        case .structure(_, let fields): fields.flatMap(\.shape.leaves)
        case .list(_, let element): element.leaves
        }
    }

    /// Appends one value to its leaves.
    ///
    /// - Parameters:
    ///   - definition: The definition level of the value's parent.
    ///   - depth: The number of lists around the value.
    ///   - next: On entry the value's first leaf; on return the leaf after its last.
    fileprivate func append(
        _ value: JSON?, repetition: UInt8, definition: UInt8, depth: UInt8, to leaves: inout [NestedColumn.Leaf],
        at next: inout Int
    ) {
        func note(_ definition: UInt8, in leaves: inout [NestedColumn.Leaf], _ next: inout Int) {
            leaves[next].levels.definition.append(definition)
            leaves[next].levels.repetition.append(repetition)
            next += 1
        }
        guard let value, value != .null else {
            for _ in self.leaves { note(definition, in: &leaves, &next) }
            return
        }
        let definition = definition + (isRequired ? 0 : 1)
        switch self {
        case .number:
            leaves[next].numbers.append(Int64(value.int ?? 0))
            note(definition, in: &leaves, &next)
        case .text:
            leaves[next].bytes += (value.string ?? "").utf8
            leaves[next].offsets.append(UInt32(leaves[next].bytes.count))
            note(definition, in: &leaves, &next)
        case .structure(_, let fields):
            for field in fields {
                field.shape.append(
                    value[field.name], repetition: repetition, definition: definition, depth: depth, to: &leaves,
                    at: &next)
            }
        case .list(_, let element):
            let elements = value.array ?? []
            guard !elements.isEmpty else {
                for _ in self.leaves { note(definition, in: &leaves, &next) }
                return
            }
            let first = next
            for (index, item) in elements.enumerated() {
                next = first
                element.append(
                    item, repetition: index == 0 ? repetition : depth + 1, definition: definition + 1,
                    depth: depth + 1, to: &leaves, at: &next)
            }
        }
    }
}
