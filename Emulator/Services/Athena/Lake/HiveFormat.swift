/// The classes of Hive that read and write a format.
/// - SeeAlso: <https://docs.aws.amazon.com/athena/latest/ug/supported-serdes.html>
struct HiveFormat: Sendable {
    let input: String
    let output: String
    let serde: String
    var classification: String?

    private static let lazySerde = "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe"

    /// By what STORED AS calls them.
    private static let named: [String: HiveFormat] = [
        "PARQUET": HiveFormat(
            input: "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat",
            output: "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat",
            serde: "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe", classification: "parquet"),
        "ORC": HiveFormat(
            input: "org.apache.hadoop.hive.ql.io.orc.OrcInputFormat",
            output: "org.apache.hadoop.hive.ql.io.orc.OrcOutputFormat",
            serde: "org.apache.hadoop.hive.ql.io.orc.OrcSerde", classification: "orc"),
        "AVRO": HiveFormat(
            input: "org.apache.hadoop.hive.ql.io.avro.AvroContainerInputFormat",
            output: "org.apache.hadoop.hive.ql.io.avro.AvroContainerOutputFormat",
            serde: "org.apache.hadoop.hive.serde2.avro.AvroSerDe", classification: "avro"),
        "TEXTFILE": HiveFormat(
            input: "org.apache.hadoop.mapred.TextInputFormat",
            output: "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat", serde: lazySerde),
        "SEQUENCEFILE": HiveFormat(
            input: "org.apache.hadoop.mapred.SequenceFileInputFormat",
            output: "org.apache.hadoop.hive.ql.io.HiveSequenceFileOutputFormat", serde: lazySerde),
        "RCFILE": HiveFormat(
            input: "org.apache.hadoop.hive.ql.io.RCFileInputFormat",
            output: "org.apache.hadoop.hive.ql.io.RCFileOutputFormat",
            serde: "org.apache.hadoop.hive.serde2.columnar.LazyBinaryColumnarSerDe"),
        "ION": HiveFormat(
            input: "com.amazon.ionhiveserde.formats.IonInputFormat",
            output: "com.amazon.ionhiveserde.formats.IonOutputFormat",
            serde: "com.amazon.ionhiveserde.IonHiveSerDe", classification: "ion"),
    ]

    static func isKnown(_ name: String) -> Bool { named[name] != nil }

    /// What a table's statement says, with Hive's own choices for the rest.
    static func of(_ table: CatalogStatement.NewTable) -> HiveFormat {
        switch table.format {
        case .named(let name):
            let format = named[name]
            return HiveFormat(
                input: format?.input ?? "", output: format?.output ?? "",
                serde: table.serde ?? format?.serde ?? lazySerde, classification: format?.classification)
        case .classes(let input, let output):
            let format = named.values.first { $0.input == input }
            return HiveFormat(
                input: input, output: output, serde: table.serde ?? format?.serde ?? lazySerde,
                classification: format?.classification)
        }
    }
}
