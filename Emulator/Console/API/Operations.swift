internal import JSON

extension Operation {
    private static let layerNames = ["bronze", "silver", "gold"]
    private static let statusNames = ["pending", "running", "success", "error"]

    /// All operations of the API.
    static let all: [Operation] = [
        Operation(
            method: .get, path: "flow", id: "flow", summary: "Counts of every stage, queues and streams",
            answer: "stages:list nodes:list queues:list failures:list is_empty:bool is_counting:bool?"
        ) { (_, source) throws(ConsoleFault) in try source.flow(patience: nil) },
        Operation(
            method: .get, path: "flow/{part}", id: "showPart",
            summary: "A part of the pipeline: the records that are there, its function, its alarms",
            parameters: [
                Parameter(
                    name: "part", kind: .text, about: "such as bronze-writer", isInPath: true, isRequired: true,
                    example: "bronze-writer")
            ],
            answer: "name:text title:text kind:text before:list next:list calls:list records:list alarms:list?"
        ) { (arguments, source) throws(ConsoleFault) in try source.part(try arguments.required("part")) },
        Operation(
            method: .get, path: "files", id: "listFiles",
            summary: "Control records: a page of an index, sorted among the first ones, or what a search found so far",
            parameters: [
                Parameter(name: "layer", kind: .choice(layerNames), about: "default: bronze"),
                Parameter(name: "table", kind: .text, about: "records of this table alone"),
                Parameter(name: "status", kind: .choice(statusNames), about: "records in this status alone"),
                Parameter(
                    name: "since", kind: .text,
                    about: "changed since this time: 2026-03-01T09:30:00Z, or 90s, 15m, 2h, 3d ago", example: "2h"),
                Parameter(
                    name: "text", kind: .text, about: "a part of the key, the ID or the error, as it is written there"),
                Parameter(
                    name: "day", kind: .text, about: "arrived on this day, such as 2026-11-30", example: "2026-11-30"),
                Parameter(
                    name: "sort", kind: .choice(FileFilter.Sort.allCases.map(\.rawValue)),
                    about: "default: changed, if all records fit a page of the index"),
                Parameter(name: "order", kind: .choice(["descending", "ascending"]), about: "default: descending"),
                Parameter(name: "limit", kind: .number(1...1000), about: "the most records; default: 100"),
                Parameter(name: "after", kind: .text, about: "the next of the page before"),
            ],
            answer: "records:list examined:number searched:number? total:number? truncated:bool sorted_by:text? "
                + "next:text?"
        ) { (arguments, source) throws(ConsoleFault) in try source.files(FileFilter(arguments)) },
        Operation(
            method: .get, path: "files/{id}", id: "showFile", summary: "A file's life, from raw to gold",
            parameters: [
                Parameter(
                    name: "id", kind: .text, about: "a control ID, or an object's key", isInPath: true,
                    isRequired: true)
            ], answer: "record:object steps:list other_records:list logs:list quarantine:object? cost:object?"
        ) { (arguments, source) throws(ConsoleFault) in try source.file(try arguments.required("id")) },
        Operation(
            method: .get, path: "logs", id: "readLog",
            summary: "Lines of a function's log: the first ones of a time or invocation, or else the last ones",
            parameters: [
                Parameter(
                    name: "function", kind: .text, about: "such as bronze-writer", isRequired: true,
                    example: "bronze-writer"),
                Parameter(name: "kind", kind: .choice(["function", "task"]), about: "default: function"),
                Parameter(name: "request_id", kind: .text, about: "lines of this invocation alone"),
                Parameter(name: "text", kind: .text, about: "lines that have this text, unless an invocation is given"),
                Parameter(name: "from", kind: .number(0...9_999_999_999_999), about: "in milliseconds since 1970"),
                Parameter(name: "to", kind: .number(0...9_999_999_999_999), about: "in milliseconds since 1970"),
                Parameter(name: "limit", kind: .number(1...1000), about: "the most lines; default: 200"),
            ], answer: "events:list"
        ) { (arguments, source) throws(ConsoleFault) in
            var request = LogRequest(function: try arguments.required("function"))
            request.isTask = arguments[text: "kind"] == "task"
            request.requestID = arguments[text: "request_id"]
            request.text = arguments[text: "text"]
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
                Parameter(name: "map_run", kind: .text, about: "a map run's ARN, for its child executions"),
                Parameter(name: "limit", kind: .number(1...500), about: "the most executions; default: 100"),
            ], answer: "executions:list machines:list map_run:object?"
        ) { (arguments, source) throws(ConsoleFault) in
            var filter = ExecutionFilter()
            filter.machine = arguments[text: "machine"]
            filter.status = arguments[text: "status"]
            filter.mapRun = arguments[text: "map_run"]
            filter.limit = arguments[number: "limit"] ?? filter.limit
            return try source.executions(filter)
        },
        Operation(
            method: .get, path: "executions/{arn}", id: "showExecution",
            summary: "An execution: its state machine, input, output and history",
            parameters: [
                Parameter(name: "arn", kind: .text, about: "the execution's ARN", isInPath: true, isRequired: true)
            ], answer: "execution:object definition:object? events:list truncated:bool"
        ) { (arguments, source) throws(ConsoleFault) in try source.execution(try arguments.required("arn")) },
        Operation(
            method: .post, path: "executions/{arn}/redrive", id: "redriveExecution",
            summary: "Starts a failed execution again from where it failed",
            parameters: [
                Parameter(name: "arn", kind: .text, about: "the execution's ARN", isInPath: true, isRequired: true)
            ], answer: "execution_arn:text redriven_at:text?", changes: true
        ) { (arguments, source) throws(ConsoleFault) in try source.redrive(try arguments.required("arn")) },
        Operation(
            method: .post, path: "executions/{arn}/rerun", id: "rerunExecution",
            summary: "Starts another execution with the same input",
            parameters: [
                Parameter(name: "arn", kind: .text, about: "the execution's ARN", isInPath: true, isRequired: true)
            ], answer: "execution_arn:text", changes: true
        ) { (arguments, source) throws(ConsoleFault) in try source.rerun(try arguments.required("arn")) },
        Operation(
            method: .post, path: "executions", id: "startExecution",
            summary: "Starts a state machine that takes what waits further, as its schedule does",
            body: [
                Member(
                    name: "machine", kind: .choice(["silver", "gold", "maintenance"]), about: "the state machine",
                    isRequired: true)
            ], answer: "execution_arn:text", changes: true
        ) { (arguments, source) throws(ConsoleFault) in try source.start(machine: try arguments.required("machine")) },
        Operation(
            method: .get, path: "tables", id: "listTables", summary: "The tables of silver and gold",
            answer: "tables:list days:list truncated:bool is_counting:bool?"
        ) { (_, source) throws(ConsoleFault) in try source.tables(patience: nil) },
        Operation(
            method: .get, path: "tables/{name}", id: "showTable",
            summary: "A table: columns, partitions, snapshots, data files, how its schema and its quality changed",
            parameters: [
                Parameter(
                    name: "name", kind: .text, about: "such as silver.beer", isInPath: true, isRequired: true,
                    example: "silver.beer")
            ],
            answer: "table:text location:text columns:list key:list partitioning:list partitions:list rows:number? "
                + "snapshots:list schemas:list quality:list data_files:list waiting_files:number failed_files:number"
        ) { (arguments, source) throws(ConsoleFault) in try source.table(try arguments.required("name")) },
        Operation(
            method: .post, path: "query", id: "query", summary: "Answers SQL over every layer and the control table",
            body: [
                Member(
                    name: "sql", kind: .text, about: "the statement", isRequired: true,
                    example: "SELECT status, count(*) AS files FROM control.files GROUP BY status"),
                Member(
                    name: "parquet", kind: .bool, about: "the rows as a Parquet file in base64; default: false"),
            ],
            answer: "columns:list? rows:list? truncated:bool? scanned_bytes:number? milliseconds:number? parquet:text? "
                + "row_count:number?"
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
            ], answer: "groups:list samples:list examined:number truncated:bool contract:text?"
        ) { (arguments, source) throws(ConsoleFault) in
            try source.quarantine(table: arguments[text: "table"], limit: arguments[number: "limit"] ?? 10_000)
        },
        Operation(
            method: .post, path: "quarantine/try", id: "tryContract",
            summary: "What a changed contract says of the rows of a quarantine file; changes nothing",
            body: [
                Member(name: "contract", kind: .text, about: "the contract's YAML", isRequired: true),
                Member(name: "quarantine_key", kind: .text, about: "the key of the rows' file", isRequired: true),
            ], answer: "examined:number accepted:number refused:list skipped:number control_id:text table:text"
        ) { (arguments, source) throws(ConsoleFault) in
            try source.tryContract(
                try arguments.required("contract"), quarantineKey: try arguments.required("quarantine_key"))
        },
        Operation(
            method: .get, path: "lineage", id: "lineage", summary: "Which columns come from which",
            answer: "tables:list"
        ) { (_, source) throws(ConsoleFault) in try source.lineage() },
        Operation(
            method: .get, path: "streams", id: "streams",
            summary:
                "Delivery streams with their buffers, data streams with their shards, change-capture's slot and position",
            answer: "streams:list sources:list captures:list"
        ) { (_, source) throws(ConsoleFault) in try source.streams() },
        Operation(
            method: .get, path: "cost", id: "cost",
            summary: "What files cost: by table, target and day, and with another threshold",
            answer: "rows:list days:list thresholds:list prices:list truncated:bool is_counting:bool?"
        ) { (_, source) throws(ConsoleFault) in try source.cost(patience: nil) },
        Operation(
            method: .get, path: "lines", id: "findLines",
            summary: "Lines of a table's raw files that have a value, in the newest files first",
            parameters: [
                Parameter(name: "table", kind: .text, about: "such as beer", isRequired: true, example: "beer"),
                Parameter(
                    name: "text", kind: .text, about: "the value as it is in the file", isRequired: true,
                    example: "100003"),
                Parameter(name: "id", kind: .text, about: "the control ID of one file"),
                Parameter(name: "limit", kind: .number(1...200), about: "the most lines; default: 20"),
            ], answer: "lines:list files:number searched_bytes:number truncated:bool"
        ) { (arguments, source) throws(ConsoleFault) in
            var request = RawLineRequest(
                table: try arguments.required("table"), text: try arguments.required("text"))
            request.id = arguments[text: "id"]
            request.limit = arguments[number: "limit"] ?? request.limit
            return try source.rawLines(request)
        },
        Operation(
            method: .post, path: "contracts", id: "publishContract", summary: "Puts a contract in force",
            body: [Member(name: "contract", kind: .text, about: "the contract's YAML", isRequired: true)],
            answer: "table:text version:text sha256:text outcome:text", changes: true
        ) { (arguments, source) throws(ConsoleFault) in
            try source.publish(contract: try arguments.required("contract"))
        },
        Operation(
            method: .post, path: "progress", id: "progress", summary: "The status of records, such as replayed ones",
            body: [Member(name: "ids", kind: .texts, about: "control IDs, at most 100", isRequired: true)],
            answer: "records:list"
        ) { (arguments, source) throws(ConsoleFault) in
            let ids = arguments[list: "ids"] ?? []
            guard ids.count <= 100 else { throw .badRequest("ids: expected at most 100") }
            return try source.progress(of: ids)
        },
        Operation(
            method: .post, path: "replay", id: "replay",
            summary: "Replays the records of a list or of a filter, or says what a replay would do",
            body: [
                Member(name: "ids", kind: .texts, about: "control IDs; or a filter"),
                Member(name: "layer", kind: .choice(layerNames), about: "of the filter; default: bronze"),
                Member(name: "status", kind: .choice(statusNames), about: "of the filter, which needs one"),
                Member(name: "table", kind: .text, about: "of the filter"),
                Member(name: "since", kind: .text, about: "of the filter, as for files"),
                Member(name: "text", kind: .text, about: "of the filter, as for files"),
                Member(name: "day", kind: .text, about: "of the filter, as for files"),
                Member(name: "dry_run", kind: .bool, about: "changes nothing; default: false"),
                Member(name: "force", kind: .bool, about: "also records that succeeded; default: false"),
            ], answer: "records:list record_count:number replayed_count:number truncated:bool", changes: true
        ) { (arguments, source) throws(ConsoleFault) in
            let (ids, status) = (arguments[list: "ids"] ?? [], arguments[text: "status"])
            guard ids.isEmpty != (status == nil) else {
                throw .badRequest("expected either ids, at least one, or a filter with a status")
            }
            return try source.replay(
                ReplayRequest(
                    ids: ids, filter: status == nil ? nil : FileFilter(arguments),
                    isDryRun: arguments[flag: "dry_run"], isForced: arguments[flag: "force"]))
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
        day = arguments[text: "day"]
        sort = arguments[text: "sort"].flatMap(Sort.init)
        isAscending = arguments[text: "order"] == "ascending"
        limit = arguments[number: "limit"] ?? limit
        after = arguments[text: "after"]
    }
}
