import EmulatorCore
import Foundation
import JSON
import TestServices
import Testing

@testable import EmulatedLambda

/// Archives written by CPython's zipfile.
enum ZipFixture {
    /// Deflated: `handler.py`, a Python handler that answers, fails, or returns bytes; `lib/data.txt`, 1000 times `x`.
    static let handler = """
        UEsDBBQAAAAIAAAAIVy/pqG3kgAAAOMAAAAKAAAAaGFuZGxlci5weWWPwQrCQAxE7/sVoZe0IH5AoUevnrxLus3qwpotu2mtiP9u\
        q0UKzi1vMmRiA+UMx3iiNnB5mCz36qNUtYFZ/Wwa07GDK0kXOJU8sugObBTlSdc17+DDoWkAHfmAX74okc/8O4CZFbxi9Z9rH8p5\
        G2QdkkCLRaJ7gWbDnniJijWsZVDoxvO4ltq7QezyxHnhL/MGUEsDBBQAAAAIAAAAIVwAAAAAAgAAAAAAAAAEAAAAbGliLwMAUEsD\
        BBQAAAAIAAAAIVzmyUE7CwAAAOgDAAAMAAAAbGliL2RhdGEudHh0q6gYBaNgFAx3AABQSwECFAMUAAAACAAAACFcv6aht5IAAADj\
        AAAACgAAAAAAAAAAAAAApAEAAAAAaGFuZGxlci5weVBLAQIUAxQAAAAIAAAAIVwAAAAAAgAAAAAAAAAEAAAAAAAAAAAAAADtAboA\
        AABsaWIvUEsBAhQDFAAAAAgAAAAhXObJQTsLAAAA6AMAAAwAAAAAAAAAAAAAAKQB3gAAAGxpYi9kYXRhLnR4dFBLBQYAAAAAAwAD\
        AKQAAAATAQAAAAA=
        """

    /// Stored: `../evil.py`.
    static let evil = """
        UEsDBBQAAAAAAAAAIVyDFtyMAQAAAAEAAAAKAAAALi4vZXZpbC5weXhQSwECFAMUAAAAAAAAACFcgxbcjAEAAAABAAAACgAAAAAA\
        AAAAAAAApAEAAAAALi4vZXZpbC5weVBLBQYAAAAAAQABADgAAAApAAAAAAA=
        """
}

@Suite struct ZipArchiveTests {
    private func bytes(_ text: String) throws -> [UInt8] { try #require([UInt8](base64: text)) }

    @Test("what a crash left half unpacked is removed at start")
    func leftovers() throws {
        let directory = try TemporaryDirectory()
        let left = directory.path + "/lambda/f-0123.unpacking/lib"
        let whole = directory.path + "/lambda/f-0123"
        for folder in [left, whole] {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        }
        try Data([1]).write(to: URL(filePath: left + "/a"))
        try FileManager.default.createSymbolicLink(atPath: left + "/link", withDestinationPath: whole)
        let lambda = try LambdaFixture(directory: directory)
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path + "/lambda") == ["f-0123"])
        lambda.store.close()
    }

    @Test("deflated entries are extracted whole")
    func deflated() throws {
        let archive = try ZipArchive(try bytes(ZipFixture.handler))
        #expect(archive.entries.map(\.path) == ["handler.py", "lib/", "lib/data.txt"])
        #expect(archive.entries.map(\.isDirectory) == [false, true, false])
        #expect(try archive.contents(of: archive.entries[2]) == [UInt8](repeating: 0x78, count: 1000))
        let source = String(decoding: try archive.contents(of: archive.entries[0]), as: UTF8.self)
        #expect(source.hasPrefix("class NoTable(Exception):"))
    }

    @Test("a path that leaves the folder is refused")
    func escapingPath() throws {
        let bytes = try bytes(ZipFixture.evil)
        let failure = #expect(throws: ZipArchive.Failure.self) { try ZipArchive(bytes) }
        #expect(failure?.description == "../evil.py would be unpacked outside of the function's folder")
    }

    @Test("a truncated or corrupted archive does nothing worse than fail")
    func corruptArchives() throws {
        let whole = try bytes(ZipFixture.handler)
        var broken = (0..<whole.count).map { Array(whole.prefix($0)) }
        for position in whole.indices {
            var flipped = whole
            flipped[position] ^= 0xFF
            broken.append(flipped)
        }
        for bytes in broken {
            guard let archive = try? ZipArchive(bytes) else { continue }
            for entry in archive.entries { _ = try? archive.contents(of: entry) }
        }
        #expect(throws: ZipArchive.Failure.self) { try ZipArchive(Array(whole.dropLast(30))) }
    }
}

@Suite struct UploadedFunctionTests {
    private func create(_ lambda: LambdaFixture, _ members: JSON) async -> HTTPResponse {
        var request: JSONObject = [
            "FunctionName": "uploaded", "Role": "arn:aws:iam::000000000000:role/r", "Timeout": 20,
        ]
        for (name, value) in members.object ?? [:] { request[name] = value }
        return await lambda.request("POST", "/2015-03-31/functions", body: JSON.object(request).text)
    }

    @Test("an uploaded bootstrap runs until new code replaces it")
    func bootstrap() async throws {
        let lambda = try LambdaFixture()
        func code(_ first: Int) -> String {
            let script = TestFunction.script.replacingOccurrences(of: "count=0", with: "count=\(first)")
            return StoredArchive(.init(name: "bootstrap", contents: script, isExecutable: true)).base64
        }
        let created = await create(
            lambda, ["Runtime": "provided.al2023", "Handler": "bootstrap", "Code": ["ZipFile": .string(code(10))]])
        #expect(created.status == 201, "\(created.text)")
        try await lambda.expect(#""count""#, function: "uploaded", answers: "11")
        let updated = await lambda.request(
            "PUT", "/2015-03-31/functions/uploaded/code", body: #"{"ZipFile": "\#(code(20))"}"#)
        #expect(updated.status == 200, "\(updated.text)")
        try await lambda.expect(#""count""#, function: "uploaded", answers: "21")
        let again = await create(lambda, ["Code": ["ZipFile": .string(code(10))]])
        #expect(again.status == 409)
        await lambda.close()
    }

    @Test(
        "a Python handler answers, fails with its own error, and returns bytes unchanged",
        .enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/python3"), "python3 is not installed"))
    func python() async throws {
        let lambda = try LambdaFixture()
        let created = await create(
            lambda,
            ["Runtime": "python3.12", "Handler": "handler.handler", "Code": ["ZipFile": .string(ZipFixture.handler)]])
        #expect(created.status == 201, "\(created.text)")
        let answer = try await lambda.invoke("[1]", function: "uploaded")
        #expect(answer.text == #"{"got": [1], "name": "uploaded"}"#)
        try await lambda.expect(#""bytes""#, function: "uploaded", answers: #""raw""#)
        let failure = try await lambda.invoke(#""fail""#, function: "uploaded")
        let document = try JSON(parsing: failure.text)
        #expect(document["errorType"] == "NoTable")
        #expect(document["errorMessage"] == "set it")
        #expect(document["stackTrace"]?[0]?.string?.contains("/var/task/handler.py\", line 6, in handler") == true)
        await lambda.close()
    }

    @Test("code that cannot be unpacked or run is refused")
    func invalidCode() async throws {
        let lambda = try LambdaFixture()
        for (members, status): (JSON, Int) in [
            (["Code": ["ZipFile": "?"]], 400), (["Code": ["ZipFile": .string(ZipFixture.evil)]], 400),
            (["Code": ["ZipFile": .string(([1, 2, 3] as [UInt8]).base64)]], 400),
            (["Code": ["S3Bucket": "b", "S3Key": "k"]], 501),
            (["Runtime": "java21", "Code": ["ZipFile": .string(ZipFixture.handler)]], 501),
        ] {
            #expect(await create(lambda, members).status == status, "\(members)")
        }
        await lambda.close()
    }
}
