import Foundation
import JSON
import LambdaRuntime
import TestProcess
import Testing

@testable import BronzeWriter

/// `bronze-writer convert`, run as a process.
@Suite struct ConvertCommandTests {
    let folder: TemporaryFolder
    let contract: String

    init() throws {
        folder = try TemporaryFolder()
        contract =
            URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../../../infra/contracts/beer.odcs.yaml").standardizedFileURL.path
    }

    static let header = "beer_id,brewery_id,beer_name,beer_style,beer_abv\n"

    struct Ending {
        let status: Int32
        let output: String
        let error: String
    }

    let program = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
        .appending(path: "bronze-writer").path

    func start(_ arguments: String...) throws -> ChildProcess { try ChildProcess(program, arguments, variables: [:]) }

    func run(_ arguments: String..., environment: [String: String] = [:]) throws -> Ending {
        let said = try TemporaryFolder()
        let (output, errors) = ("\(said.path)/output", "\(said.path)/errors")
        let process = try ChildProcess(program, arguments, variables: environment, output: output, errors: errors)
        return Ending(
            status: process.wait(), output: try String(contentsOfFile: output, encoding: .utf8),
            error: try String(contentsOfFile: errors, encoding: .utf8))
    }

    func input(_ rows: String, _ name: String = "beer.csv.gz") throws -> String {
        try folder.write(gzip(Self.header + rows), to: name)
    }

    @Test("convert writes Parquet and prints one line of JSON with the counts") func conversion() throws {
        let output = "\(folder.path)/beer.parquet"
        let ending = try run("convert", "--contract", contract, try input("1,2,a,b,5.5\n2,2,c,,\n"), output)
        #expect(ending.status == 0, "\(ending.error)")
        let summary = try JSON(parsing: Array(ending.output.utf8))
        #expect(summary["rows_read"] == 2 && summary["rows_written"] == 2 && summary["rows_quarantined"] == 0)
        #expect(summary["quarantine"] == .null)
        #expect(folder.names == ["beer.csv.gz", "beer.parquet"])
        #expect(summary["bytes"]?.int == (try folder.bytes(of: "beer.parquet").count))
    }

    @Test("broken rows go to a file beside the output, or to the file that --quarantine names")
    func quarantineFile() throws {
        let input = try input("1,2,a,b,5.5\nx,2,c,,\n")
        let output = "\(folder.path)/out"
        #expect(try run("convert", "--contract", contract, input, output).status == 0)
        #expect(folder.names == ["beer.csv.gz", "out", "out.quarantine.ndjson.gz"])
        let wanted = "\(folder.path)/rejects"
        let ending = try run("convert", "--contract", contract, "--quarantine", wanted, input, output)
        #expect(try JSON(parsing: Array(ending.output.utf8))["quarantine"] == .string(wanted))
        #expect(try folder.bytes(of: "rejects") == folder.bytes(of: "out.quarantine.ndjson.gz"))
    }

    @Test("the number of threads changes no byte") func threadCount() throws {
        let rows = (0..<3000).map { "\($0),\($0 % 7),name \($0),\($0 % 5),\($0 % 9).5\n" }.joined()
        let input = try input(rows)
        for threads in ["1", "2", "3"] {
            let output = "\(folder.path)/\(threads)"
            #expect(try run("convert", "--contract", contract, "--threads", threads, input, output).status == 0)
        }
        #expect(try folder.bytes(of: "1") == folder.bytes(of: "2"))
        #expect(try folder.bytes(of: "1") == folder.bytes(of: "3"))
    }

    @Test("a broken input exits with status 1, says what and where, and lists the first bad rows, and leaves no output")
    func failedInput() throws {
        let damaged = try folder.write(Array("no gzip".utf8), to: "a.csv.gz")
        let lacking = try folder.write(gzip("beer_id\n1\n"), to: "b.csv.gz")
        let broken = try input(String(repeating: "x,2,c,,\n", count: 11), "c.csv.gz")
        let output = "\(folder.path)/out"
        for (input, text) in [(damaged, "gzip"), (lacking, "brewery_id"), (broken, "line 2"), ("none.csv.gz", "none")] {
            let ending = try run("convert", "--contract", contract, input, output)
            #expect(ending.status == 1)
            #expect(ending.error.contains(input) || input == broken, "\(ending.error)")
            #expect(ending.error.contains(text), "\(ending.error)")
        }
        let list = "out.quarantine.ndjson.gz"
        #expect(folder.names == ["a.csv.gz", "b.csv.gz", "c.csv.gz", list])
        #expect(try gunzip(folder.bytes(of: list)).split(separator: "\n").count == 11)
        // A conversion without bad rows leaves no older list beside its output.
        #expect(try run("convert", "--contract", contract, try input("1,2,c,,\n"), output).status == 0)
        #expect(!folder.names.contains(list))
    }

    /// The input is a pipe that stays open, so that the process is certainly still writing when it is killed.
    @Test("a process killed while it writes leaves the older output unchanged", .timeLimit(.minutes(10)))
    func killedWhileWriting() throws {
        let pipe = "\(folder.path)/beer.csv.gz"
        try #require(mkfifo(pipe, 0o600) == 0)
        let output = try folder.write([7], to: "beer.parquet")
        let process = try start("convert", "--contract", contract, pipe, output)
        let input = try #require(FileHandle(forUpdatingAtPath: pipe))
        // More rows than a batch, in a truncated gzip file that fits into the pipe.
        let row = "1,1,\(String(repeating: "a", count: 200)),b,5\n"
        let text = gzip(Self.header + String(repeating: row, count: 20_000)).dropLast(8)
        try #require(text.count < 65_536)
        try input.write(contentsOf: text)
        let part = "\(output).part-\(process.identifier)"
        while process.isRunning, (try? FileManager.default.attributesOfItem(atPath: part)[.size] as? Int) ?? 0 == 0 {
            usleep(2000)
        }
        #expect(process.isRunning)
        process.send(SIGKILL)
        process.wait()
        #expect(try folder.bytes(of: "beer.parquet") == [7])
        withExtendedLifetime(input) {}
    }

    @Test("wrong arguments exit with status 2 and an error that names them") func wrongArguments() throws {
        let input = try input("")
        let wrong: [(arguments: [String], says: String)] = [
            (["convert"], "--contract FILE"),
            (["convert", "--contract", contract, input], "a file to write"),
            (["convert", input, "out"], "--contract FILE"),
            (["convert", "--contract"], "--contract needs a value"),
            (["convert", "--contract", contract, "--threads", "0", input, "out"], "--threads"),
            (["convert", "--contract", contract, "--compression", "lzo", input, "out"], "lzo"),
            (["convert", "--contract", contract, "--quick", input, "out"], "--quick"),
            (["convert", "--contract", contract, "a.parquet", "out"], ".jsonl"),
            (["convert", "--contract", contract, input, input], "both read and written"),
        ]
        for (arguments, says) in wrong {
            let error = #expect(throws: ConversionError.self) {
                try ConvertCommand(Array(arguments.dropFirst()), Environment([:])).run()
            }
            guard case .usage(let text)? = error else {
                Issue.record("\(arguments): \(error.map { "\($0)" } ?? "no error")")
                continue
            }
            #expect(text.contains(says), "\(text)")
        }
        let ending = try run("convert")
        #expect(ending.status == 2 && ending.error.hasPrefix("bronze-writer: convert takes"))
        #expect(try run("no-such-command").status == 2)
        #expect(folder.names == ["beer.csv.gz"])
    }

    @Test("help exits with status 0") func help() throws {
        for arguments in [["--help"], ["convert", "--help"]] {
            let ending = try arguments.count == 1 ? run(arguments[0]) : run(arguments[0], arguments[1])
            #expect(ending.status == 0 && ending.output.contains("bronze-writer convert"))
        }
    }

    @Test("the limit on decompressed bytes comes from the environment") func environmentLimit() throws {
        let rows = (0..<200).map { "\($0),1,a,b,5\n" }.joined()
        let ending = try run(
            "convert", "--contract", contract, try input(rows), "\(folder.path)/out",
            environment: ["MAX_DECOMPRESSED_BYTES": "1000"])
        #expect(ending.status == 1 && ending.error.contains("more than 1000 bytes"))
    }

    @Test("a task without its environment exits with status 1; a task with an invalid id exits with 2")
    func taskExitStatus() throws {
        let id = "0123456789abcdef0123456789abcdef"
        let ending = try run("--control-id", id)
        #expect(ending.status == 1 && ending.error.contains("AWS_REGION") || ending.error.contains("CONTROL_TABLE"))
        #expect(try run("--control-id", "x").status == 2)
        #expect(try run(environment: ["CONTROL_ID": "../x"]).status == 2)
    }
}
