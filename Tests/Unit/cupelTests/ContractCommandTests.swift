import ArgumentParser
import Columnar
import Contracts
import Foundation
import RawFile
import SampleData
import Testing

@testable import cupel

@Suite struct ContractCommandTests {
    private let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../..")
        .standardizedFileURL

    /// Infers a contract for `file` and reads the whole file with it.
    /// - Returns: the number of rows read, and the contract.
    private func inferAndRead(_ file: String, in folder: TemporaryFolder) throws -> (rows: Int, contract: Contract) {
        let path = "\(folder.path)/proposed.odcs.yaml"
        try InferCommand.parse([file, "-o", path, "--force", "--json"]).run()
        let contract = try Contract(contentsOf: path)
        let format = try #require(RawFileName(file)?.format)
        let reader = try format.reader(of: InflatedSource(try FileSource(path: file), hashing: nil), contract: contract)
        var batch = RecordBatch(contract.bronzeColumns)
        var rows = 0
        while try reader.read(into: &batch) {
            #expect(batch.rejected.map(\.message) == [], "\(file)")
            rows += batch.rowCount
        }
        return (rows, contract)
    }

    @Test(
        "every generated table converts with the contract inferred for it", arguments: SampleTable.allCases,
        SampleFormat.allCases)
    func generatedTables(table: SampleTable, format: SampleFormat) throws {
        let folder = try TemporaryFolder()
        try GenerateCommand.parse(
            ["--table", table.rawValue, "--rows", "3000", "--format", format.rawValue, "-o", folder.path, "--json"]
        ).run()
        let (rows, proposed) = try inferAndRead("\(folder.path)/\(table.rawValue).\(format.rawValue).gz", in: folder)
        #expect(rows == 3000)
        #expect(proposed.table == table.rawValue)
        #expect(proposed.primaryKey == ["\(table.rawValue)_id"])
        // The types are as narrow as those of the hand-written contract.
        let written = try Contract(contentsOf: root.appending(path: "infra/contracts/\(table.rawValue).odcs.yaml").path)
        #expect(proposed.columns.map(\.name) == written.columns.map(\.name))
        #expect(proposed.columns.map(\.type) == written.columns.map(\.type))
    }

    @Test("the real tables convert with the contracts inferred for them")
    func realTables() throws {
        // The folder exists only on a development machine.
        for folder in ["../shared/data", "../../shared/data"] {
            let data = root.appending(path: folder).standardizedFileURL
            for table in ["beer", "brewery", "profile"] {
                let file = data.appending(path: "\(table).csv.gz").path
                guard FileManager.default.fileExists(atPath: file) else { continue }
                #expect(try inferAndRead(file, in: try TemporaryFolder()).rows > 1000)
            }
        }
    }

    @Test("an existing contract is overwritten only with --force")
    func existingContract() throws {
        let folder = try TemporaryFolder()
        let (file, output) = ("\(folder.path)/a.csv", "\(folder.path)/a.odcs.yaml")
        try Data("a\n1\n".utf8).write(to: URL(filePath: file))
        try InferCommand.parse([file, "-o", output]).run()
        let failure = #expect(throws: CommandFailure.self) { try InferCommand.parse([file, "-o", output]).run() }
        #expect(failure?.exitStatus == 2)
        try InferCommand.parse([file, "-o", output, "--force"]).run()
    }

    @Test("a missing file, corrupt gzip, and an unknown format have their own exit statuses")
    func unreadableFile() throws {
        let folder = try TemporaryFolder()
        let file = "\(folder.path)/a.csv.gz"
        try Data("a\n1\n".utf8).write(to: URL(filePath: file))
        for (path, status) in [("/nonexistent.csv", Int32(5)), (file, 1), ("a.xml", 2)] {
            let failure = #expect(throws: CommandFailure.self) { try InferCommand.parse([path]).run() }
            #expect(failure?.exitStatus == status, "\(path)")
        }
    }

    @Test("lint and diff report their result in the exit status")
    func lintAndDiff() throws {
        let folder = try TemporaryFolder()
        let beer = root.appending(path: "infra/contracts/beer.odcs.yaml").path
        try LintCommand.parse([beer, "--strict"]).run()
        try DiffCommand.parse([beer, beer, "--json"]).run()
        let text = String(decoding: try FileContent.read(beer), as: UTF8.self)
        let (broken, wider) = ("\(folder.path)/broken.odcs.yaml", "\(folder.path)/beer.odcs.yaml")
        try Data(text.replacingOccurrences(of: "bigint", with: "bigger").utf8).write(to: URL(filePath: broken))
        try Data(text.replacingOccurrences(of: "bigint", with: "int").utf8).write(to: URL(filePath: wider))
        func status(_ body: () throws -> Void) -> Int32? {
            #expect(throws: CommandFailure.self) { try body() }?.exitStatus
        }
        #expect(status { try LintCommand.parse([broken, "--json"]).run() } == 1)
        #expect(status { try LintCommand.parse(["/nonexistent"]).run() } == 5)
        #expect(status { try DiffCommand.parse([beer, wider]).run() } == 1)
        #expect(status { try DiffCommand.parse([beer, broken]).run() } == 2)
        try DiffCommand.parse([wider, beer]).run()
    }
}
