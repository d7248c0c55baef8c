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

    @Test(arguments: [0, 1, 3])
    func aSmallFileIsPutAtOnce(count: Int) throws {
        let sink = sink()
        try write(Self.pieces(count), to: sink)
        #expect(aws.requests.isEmpty)
        let stored = try sink.finish()
        #expect(aws.requests == ["PUT /lake/\(object.key)"])
        #expect(aws.bytes(of: object) == Self.pieces(count).flatMap { $0 })
        #expect(stored.sizeInBytes == 300 * count && stored.version == .versionID("version-1"))
    }

    @Test(arguments: [4, 5, 8, 31])
    func aLargeFileLeavesInPartsAndAppearsWhole(count: Int) throws {
        let sink = sink()
        try write(Self.pieces(count), to: sink)
        #expect(aws.bytes(of: object) == nil && aws.openUploads == 1)
        let stored = try sink.finish()
        #expect(aws.bytes(of: object) == Self.pieces(count).flatMap { $0 })
        #expect(aws.openUploads == 0 && stored.sizeInBytes == 300 * count)
    }

    @Test(arguments: [1, 12])
    func whatIsGivenUpLeavesNothingBehind(count: Int) throws {
        let sink = sink()
        try write(Self.pieces(count), to: sink)
        sink.abort()
        #expect(aws.keys(in: "lake").isEmpty && aws.openUploads == 0)
    }

    @Test func aPartThatCannotBeSentIsAnErrorAndTheUploadCanBeGivenUp() throws {
        let sink = sink()
        try write(Self.pieces(4), to: sink)
        aws.refuse("PUT /lake", "SlowDown", status: 503)
        let error = #expect(throws: AWSError.self) { try write(Self.pieces(4), to: sink) }
        #expect(error?.errorType == "Throttled")
        sink.abort()
        #expect(aws.openUploads == 0)
    }

    /// The start of an upload in parts, its first part, a later one, its last, and its end.
    @Test(arguments: [("POST", 0), ("PUT", 0), ("PUT", 4), ("PUT", 8), ("POST", 8)])
    func whateverRequestFailsNoObjectIsSeen(method: String, afterPieces count: Int) throws {
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

    @Test func thePartsOfAProcessThatDiedAreNoObject() throws {
        try write(Self.pieces(12), to: sink())
        #expect(aws.keys(in: "lake").isEmpty)
        #expect(aws.openUploads == 1)  // the bucket's lifecycle rule ends it
    }
}

@Suite struct FileSinkTests {
    @Test func aFileHasItsNameOnlyWhenItIsWhole() throws {
        let folder = try TemporaryFolder()
        let sink = try FileSink(path: "\(folder.path)/a.parquet")
        try [UInt8](1...9).withUnsafeBytes { try sink.write($0) }
        #expect(folder.names.count == 1 && folder.names != ["a.parquet"])
        #expect(try sink.finish().sizeInBytes == 9)
        #expect(folder.names == ["a.parquet"])
        #expect(try folder.bytes(of: "a.parquet") == Array(1...9))
    }

    @Test func whatIsGivenUpLeavesTheOlderFileAsItWas() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write([7], to: "a.parquet")
        let sink = try FileSink(path: path)
        try [UInt8](1...9).withUnsafeBytes { try sink.write($0) }
        sink.abort()
        #expect(folder.names == ["a.parquet"])
        #expect(try folder.bytes(of: "a.parquet") == [7])
    }

    @Test func aProcessThatDiedLeavesTheOlderFileAsItWas() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write([7], to: "a.parquet")
        try [UInt8](1...9).withUnsafeBytes { try FileSink(path: path).write($0) }
        #expect(try folder.bytes(of: "a.parquet") == [7])
        #expect(folder.names.filter { $0.hasSuffix(".parquet") } == ["a.parquet"])
    }

    @Test func aNameThatCannotBeGivenIsAnErrorAndTheFileCanBeGivenUp() throws {
        let folder = try TemporaryFolder()
        try FileManager.default.createDirectory(atPath: "\(folder.path)/a.parquet/b", withIntermediateDirectories: true)
        let sink = try FileSink(path: "\(folder.path)/a.parquet")
        try [UInt8](1...9).withUnsafeBytes { try sink.write($0) }
        let error = #expect(throws: ConversionError.self) { try sink.finish() }
        #expect(error?.errorType == "CannotWrite")
        sink.abort()
        #expect(folder.names == ["a.parquet"])
    }

    @Test func aFolderThatIsNotThereIsAnErrorThatNamesTheFile() throws {
        let folder = try TemporaryFolder()
        let error = #expect(throws: ConversionError.self) { try FileSink(path: "\(folder.path)/none/a.parquet") }
        #expect(error?.errorType == "CannotWrite" && error?.description.contains("none/a.parquet") == true)
    }
}
