import Columnar
import Contracts
import Foundation
import Gzip
import RawFile
import TestRandom

@testable import BronzeWriter

/// A contract of four columns that tolerates `rows` broken rows or the share `share`.
func contract(rows: Int = 2, share: Double = 0, table: String = "beer") throws -> Contract {
    try Contract(
        parsing: """
            {apiVersion: v3.1.0, kind: DataContract, id: t, version: 1.2.0, status: draft,
             customProperties: [{property: quarantineRows, value: \(rows)}, {property: quarantineShare, value: \(share)}],
             schema: [{name: \(table), properties: [
               {name: id, logicalType: integer, physicalType: bigint, primaryKey: true, primaryKeyPosition: 1},
               {name: name, logicalType: string, physicalType: string},
               {name: score, logicalType: integer, physicalType: int},
               {name: abv, logicalType: number, physicalType: double}]}]}
            """, file: "fixture")
}

func gzip(_ text: String) -> [UInt8] { gzip(Array(text.utf8)) }

func gzip(_ bytes: [UInt8]) -> [UInt8] {
    var writer = GzipWriter()
    writer.append(bytes)
    return writer.finish()
}

func gunzip(_ bytes: [UInt8]) throws -> String {
    let source = InflatedSource(MemorySource(bytes), hashing: nil)
    var text: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 4096)
    while true {
        let count = try piece.withUnsafeMutableBytes { try source.read(into: $0) }
        if count == 0 { return String(decoding: text, as: UTF8.self) }
        text += piece[..<count]
    }
}

let header = "id,name,score,abv\n"

/// Rows of plausible values, including nulls, quotes, commas, newlines and characters of several bytes.
func rows(_ ids: Range<Int>, as format: RawFormat = .csv) -> String {
    let names = ["Pale Ale", "Weißbier, dunkel", "The \"Old\" One", "two\nlines", "", "東京 Black"]
    return ids.map { id -> String in
        let name = names[id % names.count]
        let abv = id % 7 == 0 ? nil : "\(Double(id % 140) / 10)"
        switch format {
        case .csv:
            return "\(id),\"\(name.replacing("\"", with: "\"\""))\",\(id % 6),\(abv ?? "")\n"
        case .json:
            let text = name.replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
            return "{\"id\": \(id), \"name\": \"\(text)\", \"score\": \(id % 6), \"abv\": \(abv ?? "null")}\n"
        }
    }.joined()
}

func file(_ count: Int, as format: RawFormat = .csv) -> [UInt8] {
    gzip((format == .csv ? header : "") + rows(0..<count, as: format))
}

/// A source that returns its bytes in pieces of random sizes.
final class TrickleSource: ByteSource {
    private let whole: MemorySource
    private var generator: SeededGenerator

    init(_ bytes: [UInt8], seed: UInt64) {
        whole = MemorySource(bytes)
        generator = SeededGenerator(seed: seed)
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        let size = min(buffer.count, Int.random(in: 1...1500, using: &generator))
        return whole.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<size]))
    }
}

/// A source that returns all of its bytes and then fails.
final class FailingSource: ByteSource {
    struct Failure: Error {}

    private let whole: MemorySource

    init(_ bytes: [UInt8]) { whole = MemorySource(bytes) }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        let count = whole.read(into: buffer)
        guard count > 0 else { throw Failure() }
        return count
    }
}

/// A sink in memory that records whether it was finished or aborted.
final class MemorySink: OutputSink {
    enum State { case open, finished, aborted }

    struct Failure: Error {}

    private(set) var bytes: [UInt8] = []
    private(set) var state = State.open
    private let capacity: Int
    private let canFinish: Bool

    /// - Parameter capacity: The number of bytes after which writing fails.
    init(capacity: Int = .max, canFinish: Bool = true) {
        self.capacity = capacity
        self.canFinish = canFinish
    }

    func write(_ bytes: UnsafeRawBufferPointer) throws {
        if state == .aborted { (self.bytes, state) = ([], .open) }
        guard self.bytes.count + bytes.count <= capacity else { throw Failure() }
        self.bytes += bytes
    }

    func finish() throws -> StoredFile {
        guard canFinish else { throw Failure() }
        state = .finished
        return StoredFile(sizeInBytes: bytes.count)
    }

    func abort() { if state == .open { state = .aborted } }
}

/// A folder of one test; it is removed with everything in it.
final class TemporaryFolder {
    let path: String

    init() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "cupel-tests-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        path = folder.path
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    var names: [String] { (try? FileManager.default.contentsOfDirectory(atPath: path))?.sorted() ?? [] }

    func write(_ bytes: [UInt8], to name: String) throws -> String {
        let path = "\(path)/\(name)"
        try Data(bytes).write(to: URL(filePath: path))
        return path
    }

    func bytes(of name: String) throws -> [UInt8] {
        Array(try Data(contentsOf: URL(filePath: "\(path)/\(name)")))
    }
}

/// ``contract(rows:share:table:)``, for functions with a parameter named `contract`.
func fixedContract() throws -> Contract { try contract() }
