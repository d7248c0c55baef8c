import Foundation
import Testing

@testable import Emulator

@Suite struct DataFolderTests {
    private let root = NSTemporaryDirectory() + "cupel-" + UUID().uuidString
    private let files = FileManager.default

    private func mode(_ name: String) throws -> Int {
        try #require(files.attributesOfItem(atPath: root + name)[.posixPermissions] as? Int)
    }

    @Test("a new data folder is open to its owner only, with a trailing slash too", arguments: ["", "/"])
    func newFolder(slash: String) throws {
        defer { try? files.removeItem(atPath: root) }
        let folder = try DataFolder(root + "/data" + slash)
        #expect(try mode("/data") == 0o700)
        for file in ["lock", "state.sqlite", "logs.sqlite"] { #expect(try mode("/data/" + file) == 0o600, "\(file)") }
        withExtendedLifetime(folder) {}
    }

    @Test("an existing data folder is closed to others at start, and programs stay executable")
    func existingFolder() throws {
        defer { try? files.removeItem(atPath: root) }
        let open: [FileAttributeKey: Any] = [.posixPermissions: 0o755]
        for folder in ["/objects/01", "/lambda/f"] {
            try files.createDirectory(atPath: root + folder, withIntermediateDirectories: true, attributes: open)
        }
        for file in ["/lock", "/state.sqlite", "/objects/01/run-1"] {
            _ = files.createFile(atPath: root + file, contents: nil, attributes: [.posixPermissions: 0o644])
        }
        _ = files.createFile(atPath: root + "/lambda/f/bootstrap", contents: nil, attributes: open)
        _ = files.createFile(atPath: root + "/other", contents: nil, attributes: [.posixPermissions: 0o644])
        try files.createSymbolicLink(atPath: root + "/objects/link", withDestinationPath: root + "/other")
        let folder = try DataFolder(root)
        for name in ["", "/objects", "/objects/01", "/lambda/f", "/lambda/f/bootstrap"] {
            #expect(try mode(name) == 0o700, "\(name)")
        }
        for name in ["/lock", "/state.sqlite", "/objects/01/run-1"] { #expect(try mode(name) == 0o600, "\(name)") }
        #expect(try mode("/other") == 0o644, "a symbolic link was followed")
        withExtendedLifetime(folder) {}
    }

    @Test("a folder with other things in it keeps its mode")
    func sharedFolder() throws {
        defer { try? files.removeItem(atPath: root) }
        try files.createDirectory(
            atPath: root, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o755])
        _ = files.createFile(atPath: root + "/notes", contents: nil)
        let folder = try DataFolder(root)
        #expect(try mode("") == 0o755)
        #expect(try mode("/lock") == 0o600)
        withExtendedLifetime(folder) {}
    }
}
