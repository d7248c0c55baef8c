import EmulatorCore
import Foundation
import JSON
import Testing
import TestServices
import XML

@testable import EmulatedS3

/// An S3 service for one test, with a bucket, a clock that the test advances, and a Lambda that records its events.
final class S3Fixture: Sendable {
    struct Answer: Sendable {
        var status: Int
        var headers: HTTPHeaders
        var bytes: [UInt8]
        var text: String { String(decoding: bytes, as: UTF8.self) }
        /// The code of an error document.
        var code: String? { (try? XML.XMLElement(parsing: bytes))?["Code"]?.text }
        var document: XML.XMLElement { get throws { try XML.XMLElement(parsing: bytes) } }
    }

    let directory: TemporaryDirectory
    let store: Store
    let service: S3

    /// - Parameter directory: the directory of an earlier fixture, to start from its state.
    init(_ directory: TemporaryDirectory? = nil, versioning: String? = nil) async throws {
        let isNew = directory == nil
        let clock = TestClock()
        self.clock = clock
        self.directory = try directory ?? TemporaryDirectory()
        store = try Store(directory: self.directory.path, schema: S3.schema + [TableTarget.schema])
        service = try S3(
            store: store, peers: Peers(TableTarget("lambda")), account: Account(), clock: clock.clockAndChance)
        guard isNew else { return }
        #expect(try await send("PUT", "/bucket").status == 200)
        if let versioning { try await setVersioning(versioning) }
    }

    deinit { store.close() }

    private let clock: TestClock

    func advance(milliseconds: Int64) { clock.advance(milliseconds) }

    /// Sends a request; `target` is the path and query as they are on the wire.
    @discardableResult
    func send(
        _ method: String, _ target: String, _ headers: [(String, String)] = [], body: [UInt8] = []
    ) async throws -> Answer {
        let halves = target.split(separator: "?", maxSplits: 1).map(String.init)
        let request = HTTPRequest(
            method: method, path: halves[0], query: halves.count > 1 ? halves[1] : "", headers: HTTPHeaders(headers),
            body: RequestBody(body))
        return try Self.answer(await service.respond(to: request))
    }

    @discardableResult
    func send(_ method: String, _ target: String, _ headers: [(String, String)] = [], text: String) async throws
        -> Answer
    {
        try await send(method, target, headers, body: Array(text.utf8))
    }

    static func answer(_ response: HTTPResponse) throws -> Answer {
        Answer(status: response.status, headers: response.headers, bytes: try bytes(of: response.body))
    }

    static func bytes(of body: HTTPResponse.Body) throws -> [UInt8] {
        switch body {
        case .bytes(let bytes): return bytes
        case .stream: throw AWSFault("Unexpected", "S3 knows the length of its answers")
        case .files(let files):
            return try files.ranges.flatMap { range in
                let file = try #require(FileHandle(forReadingAtPath: range.path))
                try file.seek(toOffset: UInt64(range.offset))
                return Array(try file.read(upToCount: range.length) ?? Data())
            }
        }
    }

    func setVersioning(_ status: String) async throws {
        let document = "<VersioningConfiguration><Status>\(status)</Status></VersioningConfiguration>"
        #expect(try await send("PUT", "/bucket?versioning", text: document).status == 200)
    }

    /// Uploads `parts` as a multipart upload.
    /// - Returns: the answer to CompleteMultipartUpload.
    func upload(_ key: String, parts: [[UInt8]], _ headers: [(String, String)] = []) async throws -> Answer {
        let started = try await send("POST", "/bucket/\(key)?uploads", headers)
        let id = try #require(try started.document["UploadId"]?.text)
        var list = ""
        for (position, part) in parts.enumerated() {
            let answer = try await send("PUT", "/bucket/\(key)?partNumber=\(position + 1)&uploadId=\(id)", body: part)
            let etag = try #require(answer.headers["ETag"])
            list += "<Part><PartNumber>\(position + 1)</PartNumber><ETag>\(etag)</ETag></Part>"
        }
        return try await send(
            "POST", "/bucket/\(key)?uploadId=\(id)",
            text: "<CompleteMultipartUpload>\(list)</CompleteMultipartUpload>")
    }

    /// The queued events, oldest first.
    var events: [JSON] {
        get throws {
            try TableTarget.bodies(in: store).map { try JSON(parsing: $0) }
        }
    }

    /// The names of the files that hold objects.
    var files: Set<String> {
        let found = FileManager.default.enumerator(atPath: directory.path + "/objects")
        let paths = found?.allObjects as? [String] ?? []
        return Set(paths.filter { $0.contains("-") }.map { String($0.split(separator: "/").last ?? "") })
    }

    /// The names of the files in the index.
    var indexedFiles: Set<String> {
        get throws {
            try store.read { snapshot in
                Set(
                    try snapshot.all("SELECT file FROM s3_segment UNION SELECT file FROM s3_part") { $0.text(0) })
            }
        }
    }

    /// Waits until the files on disk are exactly those in the index.
    func expectNoStrayFiles(sourceLocation: SourceLocation = #_sourceLocation) async throws {
        for _ in 0..<100_000 where try files != indexedFiles { try await Task.sleep(for: .milliseconds(5)) }
        #expect(try files == indexedFiles, sourceLocation: sourceLocation)
    }
}
