import Foundation
import TestServices
import Testing

@testable import EmulatedS3

@Suite struct S3DamageTests {
    enum Damage: String, CaseIterable {
        case missing, truncated, lengthened, symbolicLink
    }

    @Test(
        "an object whose file is damaged is a 500 that names the file, and never other bytes",
        arguments: Damage.allCases)
    func damagedFile(_ damage: Damage) async throws {
        let s3 = try await S3Fixture()
        let bytes = [UInt8](repeating: 7, count: 300_000)
        #expect(try await s3.send("PUT", "/bucket/k", body: bytes).status == 200)
        let name = try #require(s3.files.first)
        let found = FileManager.default.enumerator(atPath: s3.directory.path + "/objects")?.allObjects as? [String]
        let path = try #require(found?.first { $0.hasSuffix(name) }.map { "\(s3.directory.path)/objects/\($0)" })
        let other = s3.directory.path + "/other"
        try Data(repeating: 9, count: bytes.count).write(to: URL(filePath: other))
        switch damage {
        case .missing: try FileManager.default.removeItem(atPath: path)
        case .truncated: try Data(bytes.dropLast()).write(to: URL(filePath: path))
        case .lengthened: try Data(bytes + [7]).write(to: URL(filePath: path))
        case .symbolicLink:
            try FileManager.default.removeItem(atPath: path)
            try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: other)
        }
        for headers in [[], [("Range", "bytes=10-20")]] {
            let answer = try await s3.send("GET", "/bucket/k", headers)
            #expect(answer.status == 500 && answer.code == "InternalError")
            #expect(answer.text.contains(name) && answer.text.contains("upload the object again"), "\(answer.text)")
        }
    }
}
