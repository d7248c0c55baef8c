import Testing

@testable import Iceberg

/// The values are those of the specification's appendix B and of its table of transforms.
@Suite struct PartitionTransformTests {
    @Test(
        "the hash of a bucket is the specification's",
        arguments: [
            (IcebergValue.int(34), IcebergType.int, 2_017_239_379), (.long(34), .long, 2_017_239_379),
            (.decimal(1420), .decimal(precision: 9, scale: 2), -500_754_589), (.int(17_486), .date, -653_330_422),
            (.long(81_068_000_000), .time, -662_762_989), (.long(1_510_871_468_000_000), .timestamp, -2_047_944_441),
            (.string("iceberg"), .string, 1_210_000_089), (.bytes([0, 1, 2, 3]), .binary, -188_683_207),
            (
                .bytes([0xf7, 0x9c, 0x3e, 0x09, 0x67, 0x7c, 0x4b, 0xbd, 0xa4, 0x79, 0x3f, 0x34, 0x9c, 0xb7, 0x85, 0xe7]
                ),
                .uuid, 1_488_055_340
            ),
        ] as [(IcebergValue, IcebergType, Int32)])
    func bucket(value: IcebergValue, type: IcebergType, hash: Int32) {
        let count: Int32 = 1_000_003
        let expected = Int32(bitPattern: UInt32(bitPattern: hash) & 0x7FFF_FFFF) % count
        #expect(PartitionTransform.bucket(count).apply(value, of: type) == .int(expected))
    }

    @Test("times are cut to their year, month, day and hour, before 1970 too") func times() {
        let second = IcebergValue.long(1_510_871_468_000_000)  // 2017-11-16T22:31:08
        #expect(PartitionTransform.year.apply(second, of: .timestamp) == .int(47))
        #expect(PartitionTransform.month.apply(second, of: .timestamp) == .int(574))
        #expect(PartitionTransform.day.apply(second, of: .timestamp) == .int(17_486))
        #expect(PartitionTransform.hour.apply(second, of: .timestamp) == .int(419_686))
        let before = IcebergValue.long(-1)
        #expect(PartitionTransform.year.apply(before, of: .timestamptz) == .int(-1))
        #expect(PartitionTransform.month.apply(before, of: .timestamptz) == .int(-1))
        #expect(PartitionTransform.day.apply(before, of: .timestamptz) == .int(-1))
        #expect(PartitionTransform.hour.apply(before, of: .timestamptz) == .int(-1))
        #expect(PartitionTransform.month.apply(.int(-719_162), of: .date) == .int(-1969 * 12))  // 0001-01-01
        #expect(PartitionTransform.year.apply(.int(2_932_896), of: .date) == .int(8029))  // 9999-12-31
    }

    @Test("numbers and texts are truncated towards the smaller") func truncate() {
        #expect(PartitionTransform.truncate(10).apply(.int(1), of: .int) == .int(0))
        #expect(PartitionTransform.truncate(10).apply(.int(-1), of: .int) == .int(-10))
        #expect(PartitionTransform.truncate(10).apply(.long(-11), of: .long) == .long(-20))
        #expect(
            PartitionTransform.truncate(50).apply(.decimal(1065), of: .decimal(precision: 9, scale: 2))
                == .decimal(1050))
        #expect(PartitionTransform.truncate(3).apply(.string("Kölsch"), of: .string) == .string("Köl"))
        #expect(PartitionTransform.truncate(3).apply(nil, of: .string) == nil)
    }

    @Test("names are read as they are written", arguments: ["identity", "bucket[16]", "truncate[4]", "year", "void"])
    func names(name: String) { #expect(PartitionTransform(name)?.description == name) }

    @Test("other names are none", arguments: ["bucket", "bucket[]", "bucket[0]", "bucket[-1]", "zorder", "year[2]"])
    func otherNames(name: String) { #expect(PartitionTransform(name) == nil) }
}
