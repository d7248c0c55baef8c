internal import ArgumentParser
internal import JSON
internal import Time

/// `cupel errors`: records that the delivery stream could not process.
struct ErrorsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "errors",
        abstract: "List and put again records that the delivery stream could not process.",
        subcommands: [ErrorsListCommand.self, ErrorsRedriveCommand.self])
}

/// The options of both commands.
struct ErrorsOptions: ParsableArguments {
    @OptionGroup var deployed: DeployedOptions

    @Option(
        help: ArgumentHelp(
            "The delivery stream; default: the pipeline's, such as cupel-dev-changes-to-raw.", valueName: "name"))
    var deliveryStream: String?

    @Flag(help: "Print one JSON document.")
    var json = false

    func delivery() throws -> FailedDelivery {
        let pipeline = try deployed.pipeline()
        return try FailedDelivery(deliveryStream ?? pipeline.functionPrefix + "changes-to-raw", of: pipeline)
    }
}

/// `cupel errors list`
struct ErrorsListCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List the records under the delivery stream's error prefix.",
        discussion: """
            EXAMPLES
              cupel errors list
              cupel errors list --json | jq -r '.records[].data | @base64d'
              cupel errors list --profile prod --stack cupel-prod
            """)

    @OptionGroup var options: ErrorsOptions

    func run() throws {
        let delivery = try options.delivery()
        var records: [FailedRecord] = []
        for key in try delivery.keys() { records += try delivery.records(in: key) }
        if options.json {
            return StandardStream.output.line(JSON.object(["records": .array(records.map(\.document))]).text)
        }
        guard !records.isEmpty else {
            return StandardStream.error.line("no records under s3://\(delivery.bucket)/\(delivery.prefix)")
        }
        var table = TextTable([.left("ARRIVED"), .left("CODE"), .right("BYTES"), .left("OBJECT"), .left("MESSAGE")])
        for record in records {
            table.add([
                record.arrivedAt?.rfc3339 ?? "-", record.code, Quantity.count(record.data.count), record.objectKey,
                record.message,
            ])
        }
        table.print(to: .output)
    }
}

/// `cupel errors redrive`
struct ErrorsRedriveCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "redrive",
        abstract: "Put the records under the error prefix where they came from again.",
        discussion: """
            Puts the records of each object into the delivery stream, or into the Kinesis
            stream that it reads, and then deletes the object. Fix the cause first, such as
            a missing contract: a record that fails again is kept again. If the command is
            interrupted, the records of one object may be put twice.

            EXAMPLES
              cupel errors redrive --dry-run
              cupel errors redrive
              cupel errors redrive --profile prod --stack cupel-prod --keep
            """)

    @OptionGroup var options: ErrorsOptions

    @Flag(help: "Print what would be done, and do nothing.")
    var dryRun = false

    @Flag(help: "Do not delete the objects.")
    var keep = false

    func run() throws {
        let delivery = try options.delivery()
        var (objects, count) = (0, 0)
        for key in try delivery.keys() {
            let records = try delivery.records(in: key)
            if !dryRun {
                try delivery.put(records)
                if !keep { try delivery.delete(key) }
            }
            objects += 1
            count += records.count
        }
        if options.json {
            let document: JSON = ["objects": .int(objects), "records": .int(count), "dry_run": .bool(dryRun)]
            return StandardStream.output.line(document.text)
        }
        let verb = dryRun ? "would be put" : "were put"
        StandardStream.output.line("\(count) records of \(objects) objects \(verb) again")
    }
}
