internal import ArgumentParser
internal import Columnar
internal import ContractTools
internal import JSON

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Musl
#endif

/// `cupel contract infer`: proposes a contract from a sample.
struct InferCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "infer",
        abstract: "Propose a contract for the table in a file.",
        discussion: """
            Reads the start of a CSV or NDJSON file, gzip or plain, and writes a contract
            that converts this file. Each field gets the narrowest type that is safe, with
            the reason as a comment. A sample does not show everything: review the
            contract before you use it.

            EXAMPLES
              cupel contract infer orders.csv.gz
              cupel contract infer --table orders -o orders.odcs.yaml 2024-07.ndjson
            """)

    @Argument(help: "The file: .csv, .json, .ndjson or .jsonl, with or without .gz.")
    var file: String

    @Option(help: "The table's name; default: from the name of the file.")
    var table: String?

    @Option(name: .shortAndLong, help: ArgumentHelp("Write here instead of to standard output.", valueName: "path"))
    var output: String?

    @Option(help: "The most rows to sample. A sample also ends after 64 MiB of text.")
    var rows = ContractSample.Limits().rows

    @Flag(help: "Overwrite an existing output file.")
    var force = false

    @Flag(help: "Print one JSON document about the proposal; the contract itself goes to --output.")
    var json = false

    func validate() throws {
        guard rows > 0 else { throw ValidationError("--rows must be at least 1.") }
        guard !json || output != nil else {
            throw ValidationError("--json requires --output, which receives the contract.")
        }
    }

    func run() throws {
        let (sample, proposal) = try proposed()
        if let output {
            try write(proposal.text, to: output)
        } else {
            StandardStream.output.write(proposal.text)
        }
        if json {
            let document: JSON = [
                "table": .string(proposal.table), "columns": .int(proposal.columnCount),
                "left_out": .array(proposal.leftOut.map(JSON.string)), "rows_sampled": .int(sample.rows.count),
                "whole_file": .bool(sample.isWhole), "rows_broken": .int(sample.brokenRows),
                "output": output.map(JSON.string) ?? .null,
            ]
            StandardStream.output.line(document.text)
        } else if let output {
            let extent = sample.isWhole ? "all" : "the first"
            StandardStream.error.line(
                "\(output): \(proposal.columnCount) columns, from \(extent) \(sample.rows.count) rows of \(file)")
        }
    }

    private func proposed() throws -> (ContractSample, ProposedContract) {
        do {
            let sample = try ContractSample(path: file, limits: ContractSample.Limits(rows: rows))
            return (sample, try ProposedContract(sample, table: table, path: file))
        } catch let error as ContractToolsError {
            throw CommandFailure.usage("\(error)")
        } catch let error as ColumnarError {
            // This error already names the file.
            if case .unreadable = error { throw CommandFailure.unreadable("\(error)") }
            throw CommandFailure.failed("\(file): \(error)")
        }
    }

    private func write(_ text: String, to path: String) throws(CommandFailure) {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | (force ? O_TRUNC : O_EXCL), 0o644)
        guard descriptor >= 0 else {
            guard errno == EEXIST else { throw .file("cannot create", path, errno) }
            throw .usage("\(path) already exists; --force overwrites it")
        }
        defer { close(descriptor) }
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            let written = bytes.withUnsafeBytes { descriptorWrite(descriptor, $0) }
            if written < 0, errno == EINTR { continue }
            guard written > 0 else { throw .file("cannot write", path, errno) }
            bytes = bytes.dropFirst(written)
        }
    }
}
