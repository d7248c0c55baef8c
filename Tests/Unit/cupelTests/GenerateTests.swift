import ArgumentParser
import CZlib
import Contracts
import Foundation
import JSON
import SampleData
import Testing

@testable import cupel

@Suite struct GenerateTests {
    private func generate(_ arguments: String..., in folder: TemporaryFolder) throws {
        try GenerateCommand.parse(arguments + ["-o", folder.path, "--json"]).run()
    }

    private func bytes(_ name: String, in folder: TemporaryFolder) throws -> [UInt8] {
        try FileContent.read("\(folder.path)/\(name)")
    }

    private func inflated(_ compressed: [UInt8]) -> String {
        var compressed = compressed
        var output = [UInt8](repeating: 0, count: 16 << 20)
        var stream = z_stream()
        inflateInit2_(&stream, 15 + 16, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
        let count = compressed.withUnsafeMutableBufferPointer { input in
            output.withUnsafeMutableBufferPointer { output in
                stream.next_in = input.baseAddress
                stream.avail_in = UInt32(input.count)
                stream.next_out = output.baseAddress
                stream.avail_out = UInt32(output.count)
                #expect(inflate(&stream, Z_FINISH) == Z_STREAM_END)
                return Int(stream.total_out)
            }
        }
        inflateEnd(&stream)
        return String(decoding: output[..<count], as: UTF8.self)
    }

    @Test("equal seeds give equal files, and different seeds different files", arguments: SampleFormat.allCases)
    func seeds(format: SampleFormat)
        throws
    {
        let (one, same, other) = (try TemporaryFolder(), try TemporaryFolder(), try TemporaryFolder())
        for folder in [one.path, same.path] {
            try GenerateCommand.parse(["--rows", "500", "--format", format.rawValue, "-o", folder]).run()
        }
        try generate("--rows", "500", "--seed", "2", "--format", format.rawValue, in: other)
        for table in SampleTable.allCases {
            let name = "\(table.rawValue).\(format.rawValue).gz"
            #expect(try bytes(name, in: one) == bytes(name, in: same))
            #expect(try bytes(name, in: one) != bytes(name, in: other))
        }
    }

    @Test("JSON rows have the contract's columns and include difficult values", arguments: SampleTable.allCases)
    func jsonRows(table: SampleTable) throws {
        let folder = try TemporaryFolder()
        try generate("--table", table.rawValue, "--rows", "4000", "--format", "json", in: folder)
        let text = try inflated(bytes("\(table.rawValue).json.gz", in: folder))
        let rows = try text.split(separator: "\n").map { try JSON(parsing: String($0)) }
        #expect(rows.count == 4000)
        let contracts = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../../infra/contracts")
        let contract = try ContractCatalog(directory: contracts.path).contract(forTable: table.rawValue)
        for row in rows {
            let names = Set(row.object?.names ?? []).subtracting(["operation"])
            #expect(names.isSubset(of: contract.columns.map(\.name)))
            for column in contract.columns where column.isRequired { #expect(row[column.name]?.isNull == false) }
        }
        if table == .beer {
            let names = rows.compactMap { $0["beer_name"]?.string }
            for needed in [",", "\"", "\n", "🍺", "ü", "琥"] {
                #expect(names.contains { $0.contains(needed) }, "\(needed)")
            }
            #expect(rows.contains { $0["beer_abv"]?.isNull == true })
        }
    }
}
