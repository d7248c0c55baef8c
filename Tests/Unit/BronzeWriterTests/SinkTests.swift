import AWSClient
import AWSModels
import Control
import FakeAWS
import Foundation
import Testing

@testable import BronzeWriter

@Suite struct ObjectSinkTests {
    let aws = FakeAWS()
    let object = S3Object(bucket: "lake", key: "bronze/beer/a.parquet")

    func sink() -> ObjectSink {
        ObjectSink(ObjectStore(aws.client), object, contentType: "application/x", partSize: 1000)
    }

    static func pieces(_ count: Int) -> [[UInt8]] { (0..<count).map { [UInt8](repeating: UInt8($0), count: 300) } }

    func write(_ pieces: [[UInt8]], to sink: ObjectSink) throws {
        for piece in pieces { try piece.withUnsafeBytes { try sink.write($0) } }
    }

    @Test("a small file is written with one put", arguments: [0, 1, 3])
    func smallFile(count: Int) throws {
        let sink = sink()
        try write(Self.pieces(count), to: sink)
        #expect(aws.requests.isEmpty)
        let stored = try sink.finish()
        #expect(aws.requests == ["PUT /lake/\(object.key)"])
        #expect(aws.bytes(of: object) == Self.pieces(count).flatMap { $0 })
        #expect(stored.sizeInBytes == 300 * count && stored.version == .versionID("version-1"))
    }

    @Test("a large file is uploaded in parts and appears only when complete", arguments: [4, 5, 8, 31])
    func largeFile(count: Int) throws {
        let sink = sink()
        try write(Self.pieces(count), to: sink)
        #expect(aws.bytes(of: object) == nil && aws.openUploads == 1)
        let stored = try sink.finish()
        #expect(aws.bytes(of: object) == Self.pieces(count).flatMap { $0 })
        #expect(aws.openUploads == 0 && stored.sizeInBytes == 300 * count)
    }

    @Test("an aborted upload leaves nothing behind", arguments: [1, 12])
    func abort(count: Int) throws {
        let sink = sink()
        try write(Self.pieces(count), to: sink)
        sink.abort()
        #expect(aws.keys(in: "lake").isEmpty && aws.openUploads == 0)
    }

    @Test("a part that cannot be sent is an error, and the upload can be aborted") func failedPart() throws {
        let sink = sink()
        try write(Self.pieces(4), to: sink)
        aws.refuse("PUT /lake", "SlowDown", status: 503)
        let error = #expect(throws: AWSError.self) { try write(Self.pieces(4), to: sink) }
        #expect(error?.errorType == "Throttled")
        sink.abort()
        #expect(aws.openUploads == 0)
    }

    /// The failing request: the upload's creation, its first, a later and its last part, and its completion.
    @Test(
        "whichever request fails, no object appears",
        arguments: [("POST", 0), ("PUT", 0), ("PUT", 4), ("PUT", 8), ("POST", 8)])
    func failedRequests(method: String, afterPieces count: Int) throws {
        let sink = sink()
        let pieces = Self.pieces(10)
        try write(Array(pieces[..<count]), to: sink)
        aws.refuse("\(method) /lake", "InternalError", status: 500)
        #expect(throws: AWSError.self) {
            try write(Array(pieces[count...]), to: sink)
            _ = try sink.finish()
        }
        #expect(aws.bytes(of: object) == nil)
        sink.abort()
        #expect(aws.keys(in: "lake").isEmpty && aws.openUploads == 0)
    }

    @Test("the parts of a crashed process make no object") func crash() throws {
        try write(Self.pieces(12), to: sink())
        #expect(aws.keys(in: "lake").isEmpty)
        #expect(aws.openUploads == 1)  // the bucket's lifecycle rule aborts it
    }
}

@Suite struct FileSinkTests {
    @Test("a file gets its name only once it is complete") func rename() throws {
        let folder = try TemporaryFolder()
        let sink = try FileSink(path: "\(folder.path)/a.parquet")
        try [UInt8](1...9).withUnsafeBytes { try sink.write($0) }
        #expect(folder.names.count == 1 && folder.names != ["a.parquet"])
        #expect(try sink.finish().sizeInBytes == 9)
        #expect(folder.names == ["a.parquet"])
        #expect(try folder.bytes(of: "a.parquet") == Array(1...9))
    }

    @Test("an aborted file leaves the older file unchanged") func abortedFile() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write([7], to: "a.parquet")
        let sink = try FileSink(path: path)
        try [UInt8](1...9).withUnsafeBytes { try sink.write($0) }
        sink.abort()
        #expect(folder.names == ["a.parquet"])
        #expect(try folder.bytes(of: "a.parquet") == [7])
    }

    @Test("a crashed process leaves the older file unchanged") func crashedProcess() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write([7], to: "a.parquet")
        try [UInt8](1...9).withUnsafeBytes { try FileSink(path: path).write($0) }
        #expect(try folder.bytes(of: "a.parquet") == [7])
        #expect(folder.names.filter { $0.hasSuffix(".parquet") } == ["a.parquet"])
    }

    @Test("a rename that fails is an error, and the file can be aborted") func failedRename() throws {
        let folder = try TemporaryFolder()
        try FileManager.default.createDirectory(atPath: "\(folder.path)/a.parquet/b", withIntermediateDirectories: true)
        let sink = try FileSink(path: "\(folder.path)/a.parquet")
        try [UInt8](1...9).withUnsafeBytes { try sink.write($0) }
        let error = #expect(throws: ConversionError.self) { try sink.finish() }
        #expect(error?.errorType == "CannotWrite")
        sink.abort()
        #expect(folder.names == ["a.parquet"])
    }

    @Test("the error of a missing folder names the file") func missingFolder() throws {
        let folder = try TemporaryFolder()
        let error = #expect(throws: ConversionError.self) { try FileSink(path: "\(folder.path)/none/a.parquet") }
        #expect(error?.errorType == "CannotWrite" && error?.description.contains("none/a.parquet") == true)
    }
}
