/// One change of one row, as AWS DMS writes it to Kinesis: the checked parts of its envelope, as slices of its text.
///
/// - SeeAlso: <https://docs.aws.amazon.com/dms/latest/userguide/CHAP_Target.Kinesis.html>
struct ChangeRecord {
    /// An object or array of the envelope, with its brackets.
    struct Compound {
        let text: ByteSlice
        /// Whether it has line breaks between its tokens.
        let hasLineBreaks: Bool
    }

    /// The row's object; nil for a truncate.
    let row: Compound?
    let rowIsEmpty: Bool
    /// `insert`, `update`, `delete` or `truncate`, in quotes.
    let operation: ByteSlice
    /// Whether the row is from a full load. Its operation is `insert`.
    let isLoad: Bool
    /// The names of columns whose value the change does not carry.
    let unchanged: Compound?
    /// The row's key before the change, if it has changed.
    let previousKey: Compound?
    /// The row before the change, as far as the source sends it.
    let before: Compound?
    /// The time of the source's commit, or else of the message: a scalar, as written.
    let timestamp: ByteSlice?
    /// A scalar, as written; records of a full load have none.
    let transactionID: ByteSlice?
    /// Where the change is in its source's log.
    let logPlace: LogPlace
    /// The row's table, in the contract's spelling, never the envelope's.
    let table: [UInt8]
    /// The table's schema, likewise; nil if the contract names no more than one.
    let schema: [UInt8]?

    fileprivate init(_ parts: EnvelopeParts, tables: [KnownTable]) throws(RecordFault) {
        if let field = parts.reservedField { throw .reservedField(field) }
        let operation = try parts.string(parts.operation, named: "metadata.operation")
        guard Self.operations.contains(where: { operation.says($0) }) else { throw .unknownOperation(operation.string) }
        let isTruncate = operation.says("truncate")
        guard parts.row != nil || isTruncate else { throw .missing("data") }
        let table = try parts.string(parts.table, named: "metadata.table-name")
        guard let known = tables.first(where: { table.says($0.name) }) else { throw .unknownTable(table.string) }
        let committed = try parts.scalar(parts.commitTimestamp, named: "metadata.commit-timestamp")
        let made = try parts.scalar(parts.timestamp, named: "metadata.timestamp")
        row = isTruncate ? nil : parts.row.map { parts.written($0) }
        rowIsEmpty = parts.rowIsEmpty
        isLoad = operation.says("load")
        self.operation = isLoad ? Self.insert : parts.text[parts.operation?.written ?? 0..<0]
        unchanged = try parts.compound(parts.unchanged, .array, named: "metadata.unchanged")
        previousKey = try parts.compound(parts.previousKey, .object, named: "metadata.previous-key")
        before = isTruncate ? nil : try parts.compound(parts.before, .object, named: "before")
        timestamp = committed ?? made
        transactionID = try parts.scalar(parts.transactionID, named: "metadata.transaction-id")
        logPlace = try parts.logPlace()
        self.table = known.name
        schema = try known.schema(parts.schema.flatMap { $0.kind == .string ? JSONString($0, in: parts.text) : nil })
    }

    private static let operations: [StaticString] = ["load", "insert", "update", "delete", "truncate"]

    private static var insert: ByteSlice {
        let word: StaticString = "\"insert\""
        return ByteSlice(start: word.utf8Start, count: word.utf8CodeUnitCount)
    }
}

extension StreamRecord {
    /// Parses the envelope `text`.
    static func reading(_ text: ByteSlice, tables: [KnownTable]) throws(RecordFault) -> StreamRecord {
        let parts: EnvelopeParts
        do throws(JSONScanner.Fault) { parts = try EnvelopeParts(text) } catch { throw .notJSON(error) }
        if let member = parts.repeatedMember { throw .repeatedMember(member) }
        let recordType = try parts.string(parts.recordType, named: "metadata.record-type")
        if recordType.says("data") { return .change(try ChangeRecord(parts, tables: tables)) }
        guard recordType.says("control") else { throw .unknownRecordType(recordType.string) }
        return .definition(
            DefinitionRecord(
                operation: try parts.string(parts.operation, named: "metadata.operation"),
                schema: try parts.scalar(parts.schema, named: "metadata.schema-name"),
                table: try parts.scalar(parts.table, named: "metadata.table-name"),
                timestamp: try parts.scalar(parts.timestamp, named: "metadata.timestamp"),
                definition: try parts.compound(parts.control, .object, named: "control")))
    }
}

/// The parts that one pass over an envelope finds, unchecked.
private struct EnvelopeParts {
    let text: ByteSlice
    private(set) var row: JSONScanner.Value?
    private(set) var rowIsEmpty = true
    /// A field of the row whose name the flat line uses for itself.
    private(set) var reservedField: String?
    /// A member that the line needs and that the envelope repeats, so one of the values would be lost.
    private(set) var repeatedMember: String?
    private(set) var before: JSONScanner.Value?
    private(set) var control: JSONScanner.Value?
    private(set) var recordType: JSONScanner.Value?
    private(set) var operation: JSONScanner.Value?
    private(set) var timestamp: JSONScanner.Value?
    private(set) var commitTimestamp: JSONScanner.Value?
    private(set) var streamPosition: JSONScanner.Value?
    private(set) var recordIndex: JSONScanner.Value?
    private(set) var unchanged: JSONScanner.Value?
    private(set) var previousKey: JSONScanner.Value?
    private(set) var transactionID: JSONScanner.Value?
    private(set) var schema: JSONScanner.Value?
    private(set) var table: JSONScanner.Value?

    init(_ text: ByteSlice) throws(JSONScanner.Fault) {
        self.text = text
        var scanner = JSONScanner(text)
        var hasData = false
        var hasMetadata = false
        try scanner.document { scanner, name throws(JSONScanner.Fault) in
            let name = JSONString(name, in: text)
            if name.says("data") {
                if hasData { repeatedMember = "data" }
                hasData = true
                if scanner.isAtObject { return row = try readRow(&scanner) }
            } else if name.says("metadata") {
                if hasMetadata { repeatedMember = "metadata" }
                hasMetadata = true
                if scanner.isAtObject { return try readMetadata(&scanner) }
            } else if name.says("before") || name.says("before-image") {
                if before != nil { repeatedMember = "before" }
                return before = try scanner.value()
            } else if name.says("control") {
                if control != nil { repeatedMember = "control" }
                return control = try scanner.value()
            }
            _ = try scanner.value()
        }
    }

    private mutating func readRow(_ scanner: inout JSONScanner) throws(JSONScanner.Fault) -> JSONScanner.Value {
        try scanner.compound(.object) { scanner throws(JSONScanner.Fault) in
            try scanner.object { scanner, name throws(JSONScanner.Fault) in
                rowIsEmpty = false
                let name = JSONString(name, in: text)
                if FlatLine.needs(name) { reservedField = name.string }
                _ = try scanner.value()
            }
        }
    }

    private mutating func readMetadata(_ scanner: inout JSONScanner) throws(JSONScanner.Fault) {
        try scanner.object { scanner, name throws(JSONScanner.Fault) in
            let name = JSONString(name, in: text)
            let value = try scanner.value()
            let earlier: JSONScanner.Value?
            if name.says("timestamp") {
                (earlier, timestamp) = (timestamp, value)
            } else if name.says("record-type") {
                (earlier, recordType) = (recordType, value)
            } else if name.says("operation") {
                (earlier, operation) = (operation, value)
            } else if name.says("table-name") {
                (earlier, table) = (table, value)
            } else if name.says("schema-name") {
                (earlier, schema) = (schema, value)
            } else if name.says("transaction-id") {
                (earlier, transactionID) = (transactionID, value)
            } else if name.says("commit-timestamp") {
                (earlier, commitTimestamp) = (commitTimestamp, value)
            } else if name.says("stream-position") {
                (earlier, streamPosition) = (streamPosition, value)
            } else if name.says("transaction-record-id") {
                (earlier, recordIndex) = (recordIndex, value)
            } else if name.says("unchanged") {
                (earlier, unchanged) = (unchanged, value)
            } else if name.says("previous-key") {
                (earlier, previousKey) = (previousKey, value)
            } else {
                return
            }
            if earlier != nil { repeatedMember = "metadata.\(name.string)" }
        }
    }

    func string(_ value: JSONScanner.Value?, named name: String) throws(RecordFault) -> JSONString {
        guard let value, value.kind == .string else { throw .missing(name) }
        return JSONString(value, in: text)
    }

    /// A position that is not PostgreSQL's is none: then the order of the stream counts.
    func logPlace() throws(RecordFault) -> LogPlace {
        var committed: UInt64?
        if let value = commitTimestamp, value.kind != .null {
            committed = value.kind == .string ? JSONString(value, in: text).microseconds : nil
            guard committed != nil else { throw .notATime("metadata.commit-timestamp", text[value.written].string) }
        }
        var index: UInt64 = 0
        if let value = recordIndex, value.kind != .null {
            guard let number = text[value.range].number(below: ChangeOrder.indexLimit) else {
                throw .notAnIndex("metadata.transaction-record-id", text[value.written].string)
            }
            index = number
        }
        let position = streamPosition.flatMap { $0.kind == .string ? JSONString($0, in: text).logPosition : nil }
        return LogPlace(committed: committed, position: position, index: index)
    }

    func written(_ value: JSONScanner.Value) -> ChangeRecord.Compound {
        ChangeRecord.Compound(text: text[value.range], hasLineBreaks: value.needsCare)
    }

    /// Nil for a null, too.
    func compound(
        _ value: JSONScanner.Value?, _ kind: JSONScanner.Kind, named name: String
    ) throws(RecordFault) -> ChangeRecord.Compound? {
        guard let value, value.kind != .null else { return nil }
        guard value.kind == kind else { throw .wrongKind(name, isArray: kind == .array) }
        return written(value)
    }

    /// Nil for a null, too.
    func scalar(_ value: JSONScanner.Value?, named name: String) throws(RecordFault) -> ByteSlice? {
        guard let value, value.kind != .null else { return nil }
        guard value.isScalar else { throw .notScalar(name) }
        return text[value.written]
    }
}
