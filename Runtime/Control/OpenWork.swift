/// The keys of the index of records with work left: those in pending, running and error.
///
/// Most records stay in success. An index of all records by status would have them under one key, which takes at most 1,000
/// writes a second; a slow index throttles its table, and so the whole pipeline. A record loses its attribute `open_work`
/// when it succeeds, and leaves the index with it; the others are spread over 16 keys.
/// - SeeAlso: <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-indexes-general-sparse-indexes.html>
/// - SeeAlso: <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-indexes-gsi-sharding.html>
enum OpenWork {
    private static let shards = "0123456789abcdef"

    /// `dm_bronze#7`: the first digit of the ID, which is evenly distributed because the ID is a hash.
    static func partition(of id: ControlID, in schema: ControlRecord.Schema) -> String {
        partition(ofPrefix: id.text, in: schema)
    }

    /// The partition of all IDs that begin with `digits`.
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
