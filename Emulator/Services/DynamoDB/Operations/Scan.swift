internal import EmulatorCore
internal import JSON

/// Reads all items of a table or index, in the order of their hashes. Several readers can each read a segment.
/// - SeeAlso: <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_Scan.html>
struct Scan: ReadingOperation {
    private let parameters: PageParameters
    private let segment: (number: Int, total: Int)?

    init(_ request: WireStructure) throws(DynamoDBFault) {
        var constraints = Constraints()
        var parameters = try PageParameters(request, &constraints)
        let scanFilter = try LegacyConditions(filter: "ScanFilter", in: request, &constraints)
        let number = try request.integer("Segment")
        let total = try request.integer("TotalSegments")
        constraints.value("totalSegments", total, 1...1_000_000)
        constraints.value("segment", number, 0...999_999)
        var expressions = try ExpressionParameters(
            request, expressions: ["ProjectionExpression", "FilterExpression"],
            legacy: ["AttributesToGet", "ScanFilter", "ConditionalOperator"])
        try constraints.check()

        try expressions.checkMix()
        segment = try Self.segment(number, of: total)
        let oldFilter = try scanFilter.filter()
        try parameters.checkStart(.older)
        try expressions.placeholders.check()
        try parameters.resolve(&expressions, filter: oldFilter, .older)
        self.parameters = parameters
    }

    private static func segment(_ number: Int?, of total: Int?) throws(DynamoDBFault) -> (number: Int, total: Int)? {
        switch (number, total) {
        case (nil, nil): return nil
        case (nil, _):
            throw .validation(
                "The Segment parameter is required but was not present in the request when parameter TotalSegments is "
                    + "present")
        case (_, nil):
            throw .validation(
                "The TotalSegments parameter is required but was not present in the request when Segment parameter is "
                    + "present")
        case (let number?, let total?):
            guard number < total else {
                throw .validation(
                    "The Segment parameter is zero-based and must be less than parameter TotalSegments: Segment: "
                        + "\(number) is not less than TotalSegments: \(total)")
            }
            return (number, total)
        }
    }

    func perform(on state: DynamoDBState, in snapshot: borrowing Snapshot) throws -> JSON {
        let table = try state.table(named: parameters.tableName, in: snapshot)
        let index = try parameters.index(of: table)
        let columns = ["hash", "range"] + (index == nil ? [] : ["item_hash", "item_range"])
        var terms: [PageTerm] = []
        if let position = try parameters.position(in: table, index) {
            try checkSegment(position.entry)
            let item = index == nil ? [] : [position.item.hash, position.item.range]
            terms.append(
                PageTerm(
                    columns: columns, comparator: ">", values: [position.entry.hash, position.entry.range] + item))
        } else if let start = segment.flatMap({ KeyEncoding.hashStart(ofSegment: $0.number, of: $0.total) }) {
            terms.append(PageTerm(columns: ["hash"], comparator: ">=", values: [start]))
        }
        if let end = segment.flatMap({ KeyEncoding.hashStart(ofSegment: $0.number + 1, of: $0.total) }) {
            terms.append(PageTerm(columns: ["hash"], comparator: "<", values: [end]))
        }
        var page = ItemPage(parameters, table, index)
        try snapshot.fill(&page, from: table, index, where: terms, orderedBy: columns, descending: false)
        return page.answer
    }

    private func checkSegment(_ start: PrimaryKey) throws(DynamoDBFault) {
        guard let segment else { return }
        let first = KeyEncoding.hashStart(ofSegment: segment.number, of: segment.total) ?? []
        let end = KeyEncoding.hashStart(ofSegment: segment.number + 1, of: segment.total)
        let isBeforeEnd = end.map { start.hash.lexicographicallyPrecedes($0) } ?? true
        if start.hash.lexicographicallyPrecedes(first) || !isBeforeEnd {
            throw .validation(
                "The provided starting key is invalid: Invalid ExclusiveStartKey. Please use ExclusiveStartKey with "
                    + "correct Segment. TotalSegments: \(segment.total) Segment: \(segment.number)")
        }
    }
}
