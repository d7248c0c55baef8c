internal import Contracts
internal import JSON

/// A CloudFormation template with one AWS Glue table for each contract: bronze as Athena and Spark see it.
///
/// Partitions are projected from the keys' own form, so that no crawler and no `MSCK REPAIR` is needed.
/// - SeeAlso: <https://docs.aws.amazon.com/athena/latest/ug/partition-projection.html>
struct GlueTemplate {
    private let contracts: [Contract]

    /// - Parameter contracts: at least one.
    init(_ contracts: [Contract]) { self.contracts = contracts.sorted { $0.table < $1.table } }

    var text: String {
        """
        # Written by `cupel catalog` from the contracts. To change it, change a contract and write it again.
        AWSTemplateFormatVersion: "2010-09-09"
        Description: "Cupel: the bronze tables, as their contracts describe them."

        Parameters:
          Database: { Type: String }
          LakeBucket: { Type: String }
          Years:
            Type: String
            AllowedPattern: "[0-9]{4},[0-9]{4}"
            Description: The first and the last year that queries read; each adds 372 partitions to a query without a filter.

        Resources:

        """ + contracts.map(resource).joined(separator: "\n")
    }

    private func resource(of contract: Contract) -> String {
        let table = contract.table
        return """
              \(Self.logicalID(of: table)):
                Type: AWS::Glue::Table
                Properties:
                  CatalogId: !Ref AWS::AccountId
                  DatabaseName: !Ref Database
                  TableInput:
                    Name: \(table)
                    Description: \(Self.quoted(contract.description ?? ""))
                    TableType: EXTERNAL_TABLE
                    PartitionKeys:
                      - { Name: year, Type: int }
                      - { Name: month, Type: int }
                      - { Name: day, Type: int }
                    Parameters:
                      EXTERNAL: "TRUE"
                      classification: parquet
                      contract_version: \(Self.quoted(contract.version))
                      projection.enabled: "true"
                      projection.year.type: integer
                      projection.year.range: !Ref Years
                      projection.month.type: integer
                      projection.month.range: "1,12"
                      projection.month.digits: "2"
                      projection.day.type: integer
                      projection.day.range: "1,31"
                      projection.day.digits: "2"
                      storage.location.template: !Sub "s3://${LakeBucket}/bronze/\(table)/year=${!year}/month=${!month}/day=${!day}"
                    StorageDescriptor:
                      Location: !Sub "s3://${LakeBucket}/bronze/\(table)/"
                      InputFormat: org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat
                      OutputFormat: org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat
                      SerdeInfo:
                        SerializationLibrary: org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe
                      Columns:

            """ + contract.bronzeColumns.map { Self.column($0, of: contract) }.joined()
    }

    private static func column(_ column: BronzeColumn, of contract: Contract) -> String {
        let own = contract.column(named: column.name)?.description
        let comment =
            column.masking.map { "Masked (\($0.rawValue)). \(own ?? "")" } ?? own ?? systemComments[column.name]
        return "            - { Name: \(quoted(column.name)), Type: \(quoted(column.type.glueName)), "
            + "Comment: \(quoted(shortened(comment ?? ""))) }\n"
    }

    private static let systemComments = [
        BronzeColumn.operation: "insert, update, delete or truncate; rows of files and of full loads are inserts",
        "_cdc_timestamp": "The time of the change: of its commit where DMS says it, else of its message",
        "_cdc_transaction_id": "The transaction of the change",
        "_cdc_sequence": "The sequence number of the change in the stream",
        "_cdc_order": "The place of the change among all changes; sorted as text, it gives the order of the changes",
        "_cdc_load": "Whether the row is from a full load, not a change; null means no",
        "_cdc_unchanged": "The names of columns whose value the change does not carry, as a JSON array",
        BronzeColumn.previousKey: "The row's key before the change, as a JSON object, if the key has changed",
        BronzeColumn.before: "The row before the change, as a JSON object, as far as the source sends it",
        BronzeColumn.schema.name: "The source's schema, in tables that take changes from several",
        BronzeColumn.rescuedData: "Fields that the contract does not declare, as a JSON object",
    ]

    /// `order_lines` becomes `OrderLinesTable`, because a logical ID has only letters and digits.
    private static func logicalID(of table: String) -> String {
        table.split(separator: "_").map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined() + "Table"
    }

    /// A JSON string is also a YAML string.
    private static func quoted(_ text: String) -> String { JSON.string(text).text }

    /// Glue keeps 255 bytes of a comment.
    private static func shortened(_ text: String) -> String {
        guard text.utf8.count > 255 else { return text }
        var kept = ""
        for character in text {
            guard kept.utf8.count + character.utf8.count <= 252 else { break }
            kept.append(character)
        }
        return kept + "…"
    }
}
