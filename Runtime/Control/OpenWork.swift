/// Where the records with work left to do are indexed: those in pending, running and error.
///
/// Most records are in success, for good. An index of all records by status would hold them under one key, and one key
/// takes 1,000 writes a second at most; as a slow index holds up its table, so would be the whole pipeline. The attribute
/// `open_work` leaves with the work, and with it the record leaves the index; what stays is spread over 16 keys.
/// - SeeAlso: <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-indexes-general-sparse-indexes.html>
/// - SeeAlso: <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-indexes-gsi-sharding.html>
enum OpenWork {
    private static let shards = "0123456789abcdef"

    /// `dm_bronze#7`: the id's first digit is as good as drawn, because the id is a hash.
    static func partition(of id: ControlID, in schema: ControlRecord.Schema) -> String {
        partition(ofPrefix: id.text, in: schema)
    }

    /// The partition of all ids that begin with `digits`.
    static func partition(ofPrefix digits: String, in schema: ControlRecord.Schema) -> String {
        partition(digits.prefix(1), schema)
    }

    static func partitions(of schema: ControlRecord.Schema) -> [String] {
        shards.map { partition($0, schema) }
    }

    private static func partition(_ shard: some CustomStringConvertible, _ schema: ControlRecord.Schema) -> String {
        "\(schema.rawValue)#\(shard)"
    }
}
