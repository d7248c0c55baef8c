import Iceberg
import LakeRewrite
import Testing

@testable import LakeMaintenance

@Suite struct CompactionPlanTests {
    private static let policy = {
        var policy = MaintenancePolicy()
        policy.fileSize = 1000
        policy.rewriting.groupSize = 10
        return policy
    }()

    /// A file whose least key is `key`.
    private func file(_ key: Int64, _ size: Int64, partition: Int32? = nil, groups: Int64 = 1) -> DataFile {
        var file = DataFile(
            path: "s3://lake/\(key)", partition: partition.map { [.int($0)] } ?? [], recordCount: 10, sizeInBytes: size)
        file.lowerBounds[1] = IcebergValue.long(key).serialized
        file.upperBounds[1] = IcebergValue.long(key + 9).serialized
        file.splitOffsets = Array(0..<groups)
        return file
    }

    private func bins(
        _ files: [DataFile], _ filter: RowFilter? = nil, sparing warm: [Int64] = []
    ) -> [[String]] {
        let paths = Set(warm.map { "s3://lake/\($0)" })
        return CompactionPlan(files, Self.policy, sortedBy: 1, .long, dropping: filter, sparing: paths).bins.map {
            $0.files.map { String($0.path.dropFirst("s3://lake/".utf8.count)) }
        }
    }

    @Test("small files are joined in the order of their keys") func order() {
        #expect(bins([30, 10, 50, 20, 40].map { file($0, 10) }) == [["10", "20", "30", "40", "50"]])
    }

    @Test(
        "a table may want smaller files, not larger ones",
        arguments: [("400", 400), ("2000", 1000), ("0", 1000), ("x", 1000)])
    func smallerFiles(property: String, size: Int) {
        #expect(Self.policy.overruled(by: ["write.target-file-size-bytes": property]).fileSize == size)
        #expect(Self.policy.overruled(by: [:]).fileSize == 1000)
    }

    @Test("fewer small files than asked for stay") func few() {
        #expect(bins([10, 20, 30, 40].map { file($0, 10) }).isEmpty)
    }

    @Test("a bin has no more bytes than a file should have; a full one of few files stays as it is") func limit() {
        let keys: [Int64] = [10, 20, 30, 40, 50, 60, 70, 80, 90, 99]
        #expect(bins(keys.map { file($0, 190) }) == [["10", "20", "30", "40", "50"], ["60", "70", "80", "90", "99"]])
        #expect(bins([10, 20, 30, 40].map { file($0, 240) }).isEmpty)
    }

    @Test("what the last commit changed stays; where that is many files, they are joined as others")
    func warm() {
        let files = [10, 20, 30, 40, 50, 60].map { file($0, 10) }
        #expect(bins(files, sparing: [60]) == [["10", "20", "30", "40", "50"]])
        #expect(bins(files, sparing: [50, 60]).isEmpty)
        #expect(bins(files, sparing: [20, 30, 40, 50, 60]) == [["10", "20", "30", "40", "50", "60"]])
        // Rows that leave do so from these, too.
        let filter = RowFilter(conditions: [.init(fieldID: 1, type: .long, lower: .long(62), upper: .long(62))])
        #expect(bins(files, filter, sparing: [60]) == [["60"], ["10", "20", "30", "40", "50"]])
    }

    @Test("a file with more than a third of its bin's bytes stays, so that rows are not written again for a few")
    func growth() {
        #expect(bins([file(0, 700)] + [10, 20, 30, 40, 50].map { file($0, 10) }) == [["10", "20", "30", "40", "50"]])
        #expect(bins([file(0, 26)] + [10, 20, 30, 40, 50].map { file($0, 10) }) == [["10", "20", "30", "40", "50"]])
        #expect(
            bins([file(0, 25)] + [10, 20, 30, 40, 50].map { file($0, 10) }) == [["0", "10", "20", "30", "40", "50"]])
    }

    @Test("files of two partitions are not joined") func partitions() {
        let files = (0..<5).map { file($0 * 10, 10, partition: 1) } + (5..<9).map { file($0 * 10, 10, partition: 2) }
        #expect(bins(files) == [["0", "10", "20", "30", "40"]])
    }

    @Test("a large file of many small row groups is written again alone") func fragments() {
        #expect(bins([file(0, 900, groups: 100), file(10, 900, groups: 3)]) == [["0"]])
    }

    @Test("files with rows that leave are written again, whatever their size; others are not") func dropping() {
        let filter = RowFilter(conditions: [.init(fieldID: 1, type: .long, lower: .long(42), upper: .long(42))])
        #expect(bins([file(30, 10), file(40, 990), file(50, 10)], filter) == [["40"]])
        var nulls = file(40, 10)
        nulls.nullCounts[1] = nulls.recordCount
        #expect(bins([nulls], filter).isEmpty)
    }
}
