import Iceberg
import Testing

@testable import SilverMerge

@Suite struct ChangedFilesTests {
    private let changed = ChangedFiles(fileSize: 64 << 20, in: KeyOrder(fieldID: 1, type: .long))

    private func file(_ key: Int64, _ kilobytes: Int64, partition: Int32? = nil) -> DataFile {
        var file = DataFile(
            path: "\(key)", partition: partition.map { [.int($0)] } ?? [], recordCount: kilobytes * 50,
            sizeInBytes: kilobytes << 10)
        file.lowerBounds[1] = IcebergValue.long(key).serialized
        return file
    }

    @Test(
        "rows that do not change get a file of their own where they are a quarter of their file, and 4 KB",
        arguments: [(3, 4, false), (4, 4, true), (4, 16, true), (4, 17, false), (1000, 4000, true), (999, 4000, false)])
    func parts(cold: Int, size: Int, isParted: Bool) {
        #expect(ChangedFiles.parts(cold << 10, of: size << 10) == isParted)
    }

    @Test("small files are in the order of their keys, those of a partition without a large one between them together")
    func order() {
        let (large, small) = changed.ordered(
            [
                file(9, 90), file(5, 10), file(3, 10, partition: 1), file(1, 64), file(2, 63), file(0, 5, partition: 1),
                file(7, 63),
            ])
        #expect(large.map(\.path) == ["9", "1"])
        #expect(small.map { $0.map(\.path) } == [["0", "3"], [], ["2", "5", "7"], []])
    }

    @Test("a table of small files has smaller ones written together")
    func limit() {
        #expect(changed.limit == 64 << 10)
        #expect(ChangedFiles(fileSize: 80 << 10, in: KeyOrder(fieldID: 1, type: .long)).limit == 10 << 10)
    }

    @Test("new keys join the file that is open, unless it would then be large")
    func newKeys() {
        var shared = ChangedFiles.Shared()
        #expect(!shared.isOpen && !shared.takes(1, upTo: 64 << 10))
        shared.append(file(1, 32))
        #expect(shared.isOpen && shared.takes(1600, upTo: 64 << 10) && !shared.takes(1700, upTo: 64 << 10))
        shared.append(file(2, 32))
        #expect(!shared.takes(1, upTo: 64 << 10))
    }

    @Test("commits that insert keys above the largest, and update the last ones, write few bytes beside their own rows")
    func tail() throws {
        let table = try TestTable()
        var last: Int64 = 20_000
        var number = 0
        func change(_ id: Int64) -> TestChange {
            number += 1
            return TestChange(
                id: id, operation: .update, order: "\(1_000_000 + number)", time: Int64(number),
                name: "name \(id &* 2_654_435_761 % 1_000_003)", score: Int32(number % 1000))
        }
        try table.merge((0..<last).map(change))
        let base = try #require(table.files.first).sizeInBytes
        var written: Int64 = 0
        for round in 0..<40 {
            let before = Set(table.files.map(\.path))
            let updated = (0..<10).map { last - 1 - Int64(($0 * 97 + round * 31) % 1000) }
            try table.merge((updated + (last..<last + 90)).map(change))
            last += 90
            let made = table.files.filter { !before.contains($0.path) }.reduce(0) { $0 + $1.sizeInBytes }
            // The first part their file in rows that stay and rows that change.
            if round >= 2 { written += made }
        }
        #expect(written < 38 * base / 6, "\(written) bytes; the first file has \(base)")
        #expect(table.files.count < 16)
        #expect(Set(try table.rows().keys) == Set(0..<last))
    }
}
