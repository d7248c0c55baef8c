internal import Columnar
internal import JSON
internal import RawFile

/// What the source of a change stream says about one of its tables: a line that `firehose-transform` keeps under
/// `raw/_control/`, from a control record of AWS DMS.
/// - SeeAlso: <https://docs.aws.amazon.com/dms/latest/userguide/CHAP_Target.Kinesis.html>
public struct SourceDefinition: Sendable, Hashable {
    public struct Column: Sendable, Hashable {
        public let name: String
        /// DMS's name of the type, such as `INT32` or `WSTRING`.
        public let type: String
        public let length: Int?
        public let precision: Int?
        public let scale: Int?
    }

    /// Such as `create-table` or `add-column`.
    public let operation: String
    public let schema: String?
    public let table: String
    /// When the record was made, as written.
    public let time: String?
    /// The table's columns; nil if the record has none.
    public let columns: [Column]?
    private let sequence: String

    /// Nil if the line is about no table.
    init?(_ line: JSON) {
        guard let operation = line["operation"]?.string, let table = line["table_name"]?.string, !table.isEmpty else {
            return nil
        }
        self.operation = operation
        self.table = table
        schema = line["schema_name"]?.string
        time = line["_cdc_timestamp"]?.string
        sequence = line["_cdc_sequence"]?.string ?? ""
        columns = line["control"]?["table-def"]?["columns"]?.object?.map { name, column in
            Column(
                name: name, type: column["type"]?.string ?? "", length: column["length"]?.int,
                precision: column["precision"]?.int, scale: column["scale"]?.int)
        }
    }

    /// All lines of an object under `raw/_control/`. A broken line is left out.
    public static func all(inObject bytes: [UInt8]) throws -> [SourceDefinition] {
        let source = RawCompression.gzip.text(of: MemorySource(bytes), hashing: nil)
        var text: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 64 << 10)
        while case let count = try piece.withUnsafeMutableBytes({ try source.read(into: $0) }), count > 0 {
            text += piece[..<count]
        }
        return text.split(separator: UInt8(ascii: "\n")).compactMap { line in
            (try? JSON(parsing: Array(line))).flatMap(SourceDefinition.init)
        }
    }

    /// Whether the stream took this one before `other`: its numbers grow, in more and more digits.
    public func precedes(_ other: SourceDefinition) -> Bool {
        (sequence.utf8.count, sequence) < (other.sequence.utf8.count, other.sequence)
    }
}
