/// The answer to Firehose, written record by record in the order of the event, and never longer than Lambda allows.
///
/// - SeeAlso: <https://docs.aws.amazon.com/firehose/latest/dev/data-transformation-status-model.html>
struct TransformResponse: ~Copyable {
    /// 6 MiB: Firehose's limit. Lambda's own is 100 bytes higher.
    static let limitInBytes = 6 << 20

    private static let opening: StaticString = #"{"records":["#
    private static let closing: StaticString = "]}"
    private static let beforeID: StaticString = #"{"recordId":""#
    private static let failed: StaticString = #"","result":"ProcessingFailed"},"#
    private static let beforeData: StaticString = #"","result":"Ok","data":""#
    private static let beforeTable: StaticString = #"","metadata":{"partitionKeys":{"table_name":""#
    private static let afterTable: StaticString = #""}}},"#

    private let limit: Int
    private var text: ByteWriter
    /// The bytes for the remaining records if all of them fail, and for the closing brackets.
    private var reserved: Int

    init(to records: [FirehoseEvent.Record], limitInBytes limit: Int = Self.limitInBytes) {
        self.limit = limit
        // The closing brackets replace the last record's comma.
        let end = Self.closing.utf8CodeUnitCount - (records.isEmpty ? 0 : 1)
        reserved = records.reduce(end) { $0 + Self.sizeOfFailure(of: $1) }
        text = ByteWriter(capacity: max(limit, Self.opening.utf8CodeUnitCount + reserved) + 1)
        text.append(Self.opening)
    }

    private static func sizeOfFailure(of record: FirehoseEvent.Record) -> Int {
        beforeID.utf8CodeUnitCount + record.id.count + failed.utf8CodeUnitCount
    }

    mutating func fail(_ record: FirehoseEvent.Record) {
        text.append(Self.beforeID)
        text.append(record.id)
        text.append(Self.failed)
        reserved -= Self.sizeOfFailure(of: record)
    }

    /// Answers `record` with `line` for `table`; returns false and writes nothing if the answers to the remaining records
    /// would not fit then.
    mutating func succeed(_ record: FirehoseEvent.Record, _ line: ByteSlice, table: ByteSlice) -> Bool {
        let size =
            Self.beforeID.utf8CodeUnitCount + record.id.count + Self.beforeData.utf8CodeUnitCount
            + (line.count + 2) / 3 * 4 + Self.beforeTable.utf8CodeUnitCount + table.count
            + Self.afterTable.utf8CodeUnitCount
        guard text.count + size + reserved - Self.sizeOfFailure(of: record) <= limit else { return false }
        text.append(Self.beforeID)
        text.append(record.id)
        text.append(Self.beforeData)
        text.appendBase64(of: line)
        text.append(Self.beforeTable)
        text.append(table)
        text.append(Self.afterTable)
        reserved -= Self.sizeOfFailure(of: record)
        return true
    }

    /// The whole answer.
    consuming func finish() -> [UInt8] {
        text.removeLast(ifEqualTo: UInt8(ascii: ","))
        text.append(Self.closing)
        return text.slice.bytes
    }
}
