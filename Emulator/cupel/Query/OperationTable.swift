/// A table that is in no lake: rows of AWS's APIs, which a query gets as a file of a temporary table.
struct OperationTable: Sendable {
    /// What users write before the name.
    let schema: String
    let name: String
    let columns: [AthenaClient.Column]

    var columnNames: Set<String> { Set(columns.map(\.name)) }

    static let all = [controlFiles, executionRuns, quarantineRows]
    static let schemas = ["control", "executions", "quarantine"]

    private init(_ schema: String, _ name: String, _ columns: [(name: String, type: String)]) {
        self.schema = schema
        self.name = name
        self.columns = columns.map { AthenaClient.Column(name: $0.name, type: $0.type) }
    }

    /// The control table: a row for each object version and layer.
    static let controlFiles = OperationTable(
        "control", "files",
        [
            ("control_id", "varchar"), ("layer", "varchar"), ("table_name", "varchar"), ("status", "varchar"),
            ("bucket", "varchar"), ("object_key", "varchar"), ("object_version", "varchar"),
            ("file_format", "varchar"), ("file_size", "bigint"), ("created_at", "timestamp"),
            ("updated_at", "timestamp"), ("started_at", "timestamp"), ("finished_at", "timestamp"),
            ("duration", "bigint"), ("attempt_count", "bigint"), ("compute_target", "varchar"),
            ("lease_owner", "varchar"), ("lease_expires_at", "timestamp"), ("request_id", "varchar"),
            ("estimated_record_count", "bigint"), ("record_count", "bigint"), ("written_count", "bigint"),
            ("quarantined_count", "bigint"), ("rescued_count", "bigint"), ("checksum", "varchar"),
            ("contract_version", "varchar"), ("contract_hash", "varchar"), ("output_key", "varchar"),
            ("quarantine_key", "varchar"), ("source_key", "varchar"), ("batch_id", "varchar"),
            ("supersedes", "varchar"), ("superseded_by", "varchar"), ("identical_to", "varchar"),
            ("masked_columns", "varchar"), ("quality", "varchar"), ("pii_findings", "varchar"),
            ("unknown_fields", "varchar"), ("error_type", "varchar"), ("error_message", "varchar"),
            ("is_permanent", "boolean"),
        ])

    /// Executions of the pipeline's state machines.
    static let executionRuns = OperationTable(
        "executions", "runs",
        [
            ("state_machine", "varchar"), ("name", "varchar"), ("status", "varchar"), ("start_date", "timestamp"),
            ("stop_date", "timestamp"), ("duration", "bigint"), ("execution_arn", "varchar"), ("input", "varchar"),
            ("output", "varchar"), ("error", "varchar"), ("cause", "varchar"),
        ])

    /// Rows that broke a contract. The key of their file is the record's of `control.files`.
    static let quarantineRows = OperationTable(
        "quarantine", "rows",
        [
            ("table_name", "varchar"), ("quarantined_on", "date"), ("quarantine_key", "varchar"), ("line", "bigint"),
            ("byte_offset", "bigint"), ("column_name", "varchar"), ("reason", "varchar"), ("message", "varchar"),
            ("raw_text", "varchar"), ("raw_length", "bigint"),
        ])
}
