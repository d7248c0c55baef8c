/// A statement about the catalog: what Athena calls DDL.
enum CatalogStatement: Sendable {
    struct Name: Sendable {
        let database: String
        let table: String
        let offset: Int
    }

    struct Column: Sendable {
        let name: String
        /// As Glue has it: `array<bigint>`.
        let type: String
        let comment: String?
    }

    struct NewTable: Sendable {
        var name: Name
        var ifNotExists = false
        var columns: [Column] = []
        var partitionKeys: [Column] = []
        var comment: String?
        /// What STORED AS says.
        var format = Format.named("TEXTFILE")
        /// What ROW FORMAT SERDE says.
        var serde: String?
        var serdeProperties: [String: String] = [:]
        var location = ""
        var properties: [String: String] = [:]
        /// Iceberg's: `day(t)`, `bucket(16, id)`.
        var partitioning: [String] = []

        var isIceberg: Bool {
            properties.contains { $0.key.lowercased() == "table_type" && $0.value.uppercased() == "ICEBERG" }
        }
    }

    enum Format: Sendable {
        /// Such as `PARQUET`.
        case named(String)
        /// Classes of Hive's.
        case classes(input: String, output: String)
    }

    struct Partition: Sendable {
        let values: [(key: String, value: String)]
        let location: String?
    }

    case showDatabases(like: String?)
    case showTables(database: String, like: String?, offset: Int)
    case showViews(database: String, like: String?, offset: Int)
    case showColumns(Name)
    case showPartitions(Name)
    case showCreateTable(Name)
    case showCreateView(Name)
    case showProperties(Name, String?)
    case describe(Name)
    case createDatabase(
        String, ifNotExists: Bool, comment: String?, location: String?, properties: [String: String])
    case dropDatabase(String, ifExists: Bool, cascades: Bool)
    case createTable(NewTable)
    case dropTable(Name, ifExists: Bool)
    case dropView(Name, ifExists: Bool)
    case addPartitions(Name, [Partition], ifNotExists: Bool)
    case dropPartitions(Name, [Partition], ifExists: Bool)
    case addColumns(Name, [Column])
    case changeColumn(Name, String, Column)
    case dropColumn(Name, String)
    case setProperties(Name, [String: String])
    case repair(Name)
}
