internal import JSON

extension Operation {
    private static let layers: Parameter.Kind = .choice(["bronze", "silver", "gold"])
    private static let statuses: Parameter.Kind = .choice(["pending", "running", "success", "error"])

    /// All operations of the API.
    static let all: [Operation] = [
        Operation(
            method: .get, path: "flow", id: "flow", summary: "Counts of every stage, queues and streams"
        ) { (_, source) throws(ConsoleFault) in try source.flow() },
        Operation(
            method: .get, path: "files", id: "listFiles", summary: "Control records: a page of an index",
            parameters: [
                Parameter(name: "layer", kind: layers, about: "default: bronze"),
                Parameter(name: "table", kind: .text, about: "records of this table alone"),
                Parameter(name: "status", kind: statuses, about: "records in this status alone"),
                Parameter(
                    name: "since", kind: .text,
                    about: "changed since this time: 2026-03-01T09:30:00Z, or 90s, 15m, 2h, 3d ago"),
                Parameter(name: "text", kind: .text, about: "a part of the key, the ID or the error"),
                Parameter(name: "limit", kind: .number(1...1000), about: "the most records; default: 100"),
                Parameter(name: "after", kind: .text, about: "the next of the page before"),
            ]
        ) { (arguments, source) throws(ConsoleFault) in try source.files(FileFilter(arguments)) },
        Operation(
            method: .get, path: "files/{id}", id: "showFile", summary: "A file's life, from raw to gold",
            parameters: [
                Parameter(name: "id", kind: .text, about: "a control ID", isInPath: true, isRequired: true)
            ]
        ) { (arguments, source) throws(ConsoleFault) in try source.file(try arguments.required("id")) },
        Operation(
            method: .get, path: "logs", id: "readLog", summary: "Lines of a function's log",
            parameters: [
                Parameter(
                    name: "function", kind: .text, about: "such as bronze-writer", isRequired: true),
                Parameter(name: "kind", kind: .choice(["function", "task"]), about: "default: function"),
                Parameter(name: "request_id", kind: .text, about: "lines of this invocation alone"),
                Parameter(name: "from", kind: .number(0...9_999_999_999_999), about: "in milliseconds since 1970"),
                Parameter(name: "to", kind: .number(0...9_999_999_999_999), about: "in milliseconds since 1970"),
                Parameter(name: "limit", kind: .number(1...1000), about: "the most lines; default: 200"),
            ]
        ) { (arguments, source) throws(ConsoleFault) in
            var request = LogRequest(function: try arguments.required("function"))
            request.isTask = arguments[text: "kind"] == "task"
            request.requestID = arguments[text: "request_id"]
            request.from = arguments[number: "from"]
            request.to = arguments[number: "to"]
            request.limit = arguments[number: "limit"] ?? request.limit
            return try source.log(request)
        },
        Operation(
            method: .get, path: "executions", id: "listExecutions",
            summary: "Executions of the pipeline's state machines, newest first",
            parameters: [
                Parameter(name: "machine", kind: .text, about: "such as silver; default: all"),
                Parameter(
                    name: "status",
                    kind: .choice(["RUNNING", "SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED", "PENDING_REDRIVE"]),
                    about: "executions in this status alone"),
                Parameter(name: "limit", kind: .number(1...500), about: "the most executions; default: 100"),
            ]
        ) { (arguments, source) throws(ConsoleFault) in
            try source.executions(
                machine: arguments[text: "machine"], status: arguments[text: "status"],
                limit: arguments[number: "limit"] ?? 100)
        },
        Operation(
            method: .get, path: "executions/{arn}", id: "showExecution",
            summary: "An execution: its state machine, input, output and history",
            parameters: [
                Parameter(name: "arn", kind: .text, about: "the execution's ARN", isInPath: true, isRequired: true)
            ]
        ) { (arguments, source) throws(ConsoleFault) in try source.execution(try arguments.required("arn")) },
        Operation(
            method: .post, path: "executions/{arn}/redrive", id: "redriveExecution",
            summary: "Starts a failed execution again from where it failed",
            parameters: [
                Parameter(name: "arn", kind: .text, about: "the execution's ARN", isInPath: true, isRequired: true)
            ], changes: true
        ) { (arguments, source) throws(ConsoleFault) in try source.redrive(try arguments.required("arn")) },
        Operation(
            method: .get, path: "tables", id: "listTables", summary: "The tables of silver and gold"
        ) { (_, source) throws(ConsoleFault) in try source.tables() },
        Operation(
            method: .get, path: "tables/{name}", id: "showTable",
            summary: "A table: columns, partitioning, snapshots, data files",
            parameters: [
                Parameter(name: "name", kind: .text, about: "such as silver.beer", isInPath: true, isRequired: true)
            ]
        ) { (arguments, source) throws(ConsoleFault) in try source.table(try arguments.required("name")) },
        Operation(
            method: .post, path: "query", id: "query", summary: "Answers SQL over every layer and the control table",
            body: [
                Member(name: "sql", kind: .text, about: "the statement", isRequired: true),
                Member(
                    name: "parquet", kind: .bool, about: "the rows as a Parquet file in base64; default: false"),
            ]
        ) { (arguments, source) throws(ConsoleFault) in
            let statement = try arguments.required("sql")
            return arguments[flag: "parquet"]
                ? try source.parquet(statement) : try source.query(statement, limit: 1000)
        },
        Operation(
            method: .get, path: "quarantine", id: "listQuarantine",
            summary: "Rows that broke a contract, by reason and column",
            parameters: [
                Parameter(name: "table", kind: .text, about: "rows of this table alone"),
                Parameter(name: "limit", kind: .number(1...100_000), about: "the most rows examined; default: 10000"),
            ]
        ) { (arguments, source) throws(ConsoleFault) in
            try source.quarantine(table: arguments[text: "table"], limit: arguments[number: "limit"] ?? 10_000)
        },
        Operation(
            method: .post, path: "quarantine/try", id: "tryContract",
            summary: "What a changed contract says of the rows of a quarantine file; changes nothing",
            body: [
                Member(name: "contract", kind: .text, about: "the contract's YAML", isRequired: true),
                Member(name: "quarantine_key", kind: .text, about: "the key of the rows' file", isRequired: true),
            ]
        ) { (arguments, source) throws(ConsoleFault) in
            try source.tryContract(
                try arguments.required("contract"), quarantineKey: try arguments.required("quarantine_key"))
        },
        Operation(
            method: .get, path: "lineage", id: "lineage", summary: "Which columns come from which"
        ) { (_, source) throws(ConsoleFault) in try source.lineage() },
        Operation(
            method: .get, path: "streams", id: "streams", summary: "Delivery streams, shards, lag and buffers"
        ) { (_, source) throws(ConsoleFault) in try source.streams() },
        Operation(
            method: .get, path: "cost", id: "cost", summary: "What files cost, by table and target"
        ) { (_, source) throws(ConsoleFault) in try source.cost() },
        Operation(
            method: .post, path: "replay", id: "replay", summary: "Replays records, or says what a replay would do",
            body: [
                Member(name: "ids", kind: .texts, about: "control IDs", isRequired: true),
                Member(name: "dry_run", kind: .bool, about: "changes nothing; default: false"),
                Member(name: "force", kind: .bool, about: "also records that succeeded; default: false"),
            ], changes: true
        ) { (arguments, source) throws(ConsoleFault) in
            guard let ids = arguments[list: "ids"], !ids.isEmpty else {
                throw .badRequest("ids: expected at least one")
            }
            return try source.replay(
                ReplayRequest(
                    ids: ids, isDryRun: arguments[flag: "dry_run"], isForced: arguments[flag: "force"]))
        },
    ]
}

extension FileFilter {
    init(_ arguments: Arguments) {
        self.init()
        layer = arguments[text: "layer"] ?? layer
        table = arguments[text: "table"]
        status = arguments[text: "status"]
        since = arguments[text: "since"]
        text = arguments[text: "text"]
        limit = arguments[number: "limit"] ?? limit
        after = arguments[text: "after"]
    }
}
