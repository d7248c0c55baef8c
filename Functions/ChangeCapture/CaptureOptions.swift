internal import LambdaRuntime

/// What the command line and the environment say.
struct CaptureOptions: Sendable {
    var source: String
    var stream: String
    var bucket: String
    var tables: TablePatterns
    var slot = "cupel"
    var publication = "cupel"
    var endpoint: String?
    /// The folder for transactions that are received before they end.
    var spill = "/tmp"
    var snapshots = true
    /// Whether a record of the stream holds many changes.
    var aggregates = false
    /// The pipeline's name in the metrics; nil writes none.
    var pipeline: String?
    /// How long AWS may not answer before the capture ends; nil for ever.
    var patience: Duration?
    /// How often it says how far it is.
    var reportInterval: Duration = .seconds(10)
    /// Whether it ends when the process that started it has ended.
    var endsWithParent = false
    /// Ends the capture: drops the slot and the publication.
    var isDropping = false

    static let help = """
        Streams the changes of PostgreSQL tables to a Kinesis stream, as AWS DMS writes them.

        change-capture --source URI --stream NAME --bucket NAME --tables PATTERNS
          --source URI         postgresql://user@host:port/database; SOURCE. libpq's variables such as PGPASSWORD hold
          --stream NAME        the Kinesis stream for changes; STREAM
          --bucket NAME        the bucket for raw/<table>/ (rows that were there before) and for the progress; BUCKET
          --tables PATTERNS    such as 'dm_core.*,public.orders'; TABLES
          --slot NAME          the replication slot, which is created where missing [cupel]; SLOT
          --publication NAME   the publication, which is created where missing [cupel]; PUBLICATION
          --snapshot MODE      initial: read each new table once; never [initial]; SNAPSHOT
          --aggregate on|off   many changes in a record, as the Kinesis Producer Library does; Firehose takes them apart
                               [off]; AGGREGATE
          --spill FOLDER       for large transactions before they end [TMPDIR, or /tmp]; SPILL
          --endpoint-url URL   of all AWS services; AWS_ENDPOINT_URL
          --patience SECONDS   end when AWS has not answered for so long [600 with --endpoint-url, else never]; PATIENCE
          --report SECONDS     say so often how far it is [10]; REPORT
          --with-parent        end when the process that started it has ended
          --drop               drop the slot, the publication and the progress, and end

        A word in capitals is the environment variable that does the same. Region and credentials are those of AWS's SDKs.
        Exit status: 0 ended by SIGTERM, 1 it cannot go on and says why, 2 usage.
        """

    init(_ arguments: [String], _ environment: Environment) throws(UsageError) {
        var values: [String: String] = [:]
        var rest = arguments[...]
        var flags: Set<String> = []
        while let name = rest.popFirst() {
            if ["--drop", "--with-parent"].contains(name) {
                flags.insert(name)
                continue
            }
            guard let variable = Self.variables[name] else { throw .unknown(name) }
            guard let value = rest.popFirst(), !value.isEmpty else { throw .withoutValue(name) }
            guard values.updateValue(value, forKey: variable) == nil else { throw .twice(name) }
        }
        func value(_ name: String) throws(UsageError) -> String {
            let variable = Self.variables[name] ?? ""
            guard let value = values[variable] ?? environment[variable] else { throw .missing(name, variable) }
            return value
        }
        func optional(_ variable: String) -> String? { values[variable] ?? environment[variable] }
        source = try value("--source")
        stream = try value("--stream")
        bucket = try value("--bucket")
        let patterns = try value("--tables")
        guard let tables = TablePatterns(patterns) else {
            throw .invalid("--tables", patterns, "schemas and tables such as 'dm_core.*,public.orders'")
        }
        self.tables = tables
        slot = optional("SLOT") ?? slot
        guard Self.isSlotName(slot) else {
            throw .invalid("--slot", slot, "1 to 63 lower-case letters, digits and underscores")
        }
        publication = optional("PUBLICATION") ?? publication
        switch optional("SNAPSHOT") {
        case "initial", nil: snapshots = true
        case "never": snapshots = false
        case let other?: throw .invalid("--snapshot", other, "initial or never")
        }
        switch optional("AGGREGATE") {
        case "on": aggregates = true
        case "off", nil: aggregates = false
        case let other?: throw .invalid("--aggregate", other, "on or off")
        }
        spill = optional("SPILL") ?? optional("TMPDIR") ?? spill
        endpoint = optional("AWS_ENDPOINT_URL")
        func seconds(_ name: String) throws(UsageError) -> Duration? {
            guard let text = optional(Self.variables[name] ?? "") else { return nil }
            guard let number = Int(text), 1...86_400 ~= number else {
                throw .invalid(name, text, "1 to 86400 seconds")
            }
            return .seconds(number)
        }
        patience = try seconds("--patience") ?? (endpoint == nil ? nil : .seconds(600))
        reportInterval = try seconds("--report") ?? reportInterval
        pipeline = environment["PIPELINE"]
        isDropping = flags.contains("--drop")
        endsWithParent = flags.contains("--with-parent")
    }

    private static let variables = [
        "--source": "SOURCE", "--stream": "STREAM", "--bucket": "BUCKET", "--tables": "TABLES", "--slot": "SLOT",
        "--publication": "PUBLICATION", "--snapshot": "SNAPSHOT", "--spill": "SPILL", "--aggregate": "AGGREGATE",
        "--endpoint-url": "AWS_ENDPOINT_URL", "--patience": "PATIENCE", "--report": "REPORT",
    ]

    private static func isSlotName(_ name: String) -> Bool {
        (1...63).contains(name.utf8.count)
            && name.utf8.allSatisfy {
                (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == UInt8(ascii: "_")
            }
    }
}

enum UsageError: Error, Hashable, CustomStringConvertible {
    case unknown(String)
    case withoutValue(String)
    case twice(String)
    case missing(String, String)
    case invalid(String, String, String)

    var description: String {
        switch self {
        case .unknown(let name): "\(name) is not an option; change-capture --help lists them"
        case .withoutValue(let name): "\(name) needs a value"
        case .twice(let name): "\(name) is given twice; give it once"
        case .missing(let name, let variable): "\(name) is missing; give it, or set \(variable)"
        case .invalid(let name, let value, let expected): "\(name) is \(value); expected \(expected)"
        }
    }
}
