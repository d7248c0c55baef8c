import Columns
import ParquetRead
import Testing

@testable import Parquet

/// Pages that none of the writers at hand makes.
struct HandmadePageTests {
    /// One page with the bytes `body`, and its header.
    /// - Parameter header: writes the fields behind the sizes.
    private func page(
        type: Int32, size: Int? = nil, _ body: [UInt8], _ header: (inout ThriftWriter) -> Void
    ) -> [UInt8] {
        let buffer = ByteBuffer()
        var thrift = ThriftWriter(to: buffer)
        thrift.structure { thrift in
            thrift.field(1, type)
            thrift.field(2, Int32(size ?? body.count))
            thrift.field(3, Int32(body.count))
            header(&thrift)
        }
        return buffer.bytes() + body
    }

    private func dataPage(_ body: [UInt8], count: Int32, encoding: Int32, levels: Int32 = 3) -> [UInt8] {
        page(type: 0, body) {
            $0.field(5) {
                $0.field(1, count)
                $0.field(2, encoding)
                $0.field(3, levels)
                $0.field(4, levels)
            }
        }
    }

    private func dictionaryPage(_ body: [UInt8], count: Int32) -> [UInt8] {
        page(type: 2, body) {
            $0.field(7) {
                $0.field(1, count)
                $0.field(2, Int32(0))
            }
        }
    }

    /// What a file of one column reads as that consists of these pages.
    private func read(
        _ pages: [UInt8], _ type: PhysicalType, isRequired: Bool, rowCount: Int, codec: Int32 = 0, limit: Int = 100
    ) throws -> [[UInt8]?] {
        var chunk = RawColumnChunk(pages: pages)
        chunk.codec = codec
        chunk.valueCount = rowCount
        chunk.uncompressedSize = pages.count
        var writer = ParquetWriter(
            try ParquetSchema([ParquetColumn(name: "a", physicalType: type, isRequired: isRequired)]))
        try writer.append(RawRowGroup(rowCount: rowCount, chunks: [chunk]))
        var bytes: [UInt8] = []
        writer.finish { bytes.append(contentsOf: $0) }
        let file = try ParquetFile(reading: MemoryRanges(bytes))
        return try file.everything(upTo: limit)[0].flatMap { $0.array.cells(rowCount: $0.rowCount) }
    }

    private func int32(_ values: Int32...) -> [UInt8] {
        values.flatMap { value in withUnsafeBytes(of: value.littleEndian) { Array($0) } }
    }

    @Test("a compressed page of nulls has no bytes to decompress, and needs no dictionary") func emptyPage() throws {
        for encoding: Int32 in [0, 5, 6, 7, 8, 9] {
            let type: PhysicalType = encoding == 5 || encoding == 9 ? .int32 : .byteArray
            let pages = page(type: 3, [6, 0]) {
                $0.field(8) {
                    $0.field(1, Int32(3))
                    $0.field(2, Int32(3))
                    $0.field(3, Int32(3))
                    $0.field(4, encoding)
                    $0.field(5, Int32(2))
                    $0.field(6, Int32(0))
                    $0.field(7, true)
                }
            }
            #expect(try read(pages, type, isRequired: false, rowCount: 3, codec: 1) == [nil, nil, nil])
        }
    }

    @Test("levels of the deprecated BIT_PACKED begin with the highest bit") func bitPackedLevels() throws {
        let pages = dataPage([0b1011_0011, 0b1000_0000] + int32(1, 2, 3, 4, 5, 6), count: 10, encoding: 0, levels: 4)
        let numbers: [Int32?] = [1, nil, 2, 3, nil, nil, 4, 5, 6, nil]
        let values = numbers.map { $0.map { int32($0) } }
        for limit in [1, 3, 100] {
            #expect(try read(pages, .int32, isRequired: false, rowCount: 10, limit: limit) == values)
        }
    }

    @Test("the last run and the last miniblock may end with their last value") func cutRuns() throws {
        // Two bits a position, three values in one byte of a group of eight.
        let keys = dictionaryPage(int32(7, 8, 9), count: 3)
        let codes = keys + dataPage([2, 3, 0b00_10_01_00], count: 3, encoding: 8)
        #expect(try read(codes, .int32, isRequired: true, rowCount: 3) == [int32(7), int32(8), int32(9)])
        // Blocks of 128 values in 4 miniblocks, 3 values, the first 5; least delta 0, widths 4 and none; deltas 1 and 2.
        let deltas = dataPage([0x80, 1, 4, 3, 10, 0, 4, 0, 0, 0, 0x21], count: 3, encoding: 5)
        #expect(try read(deltas, .int32, isRequired: true, rowCount: 3) == [int32(5), int32(6), int32(8)])
    }

    @Test("values that contradict the page are refused") func contradictions() throws {
        let keys = dictionaryPage(int32(7, 8), count: 2)
        let broken: [(String, [UInt8], PhysicalType)] = [
            ("a position outside the dictionary", keys + dataPage([2, 6, 2], count: 3, encoding: 8), .int32),
            ("a run of fewer values", keys + dataPage([1, 4, 1], count: 3, encoding: 8), .int32),
            ("a width of 33 bits", keys + dataPage([33, 6, 0, 0, 0, 0, 0], count: 3, encoding: 8), .int32),
            ("no dictionary", dataPage([1, 6, 0], count: 3, encoding: 8), .int32),
            ("a second dictionary", keys + keys + dataPage([1, 6, 0], count: 3, encoding: 8), .int32),
            ("a dictionary of fewer keys", dictionaryPage(int32(7), count: 2), .int32),
            ("fewer bytes", dataPage(int32(1, 2), count: 3, encoding: 0), .int32),
            ("more values than the chunk", dataPage(int32(1, 2, 3, 4), count: 4, encoding: 0), .int32),
            ("fewer values than the chunk", dataPage(int32(1, 2), count: 2, encoding: 0), .int32),
            ("a text behind the page", dataPage([1, 0, 0, 0, 65, 9, 0, 0, 0, 66], count: 3, encoding: 0), .byteArray),
            ("a front that is too long", dataPage([0x80, 1, 4, 3, 2], count: 3, encoding: 7), .byteArray),
            ("blocks of 100 values", dataPage([100, 4, 3, 10, 0, 4, 0, 0, 0, 0x21], count: 3, encoding: 5), .int32),
            ("deltas of 65 bits", dataPage([0x80, 1, 4, 3, 10, 0, 65, 0, 0, 0, 0x21], count: 3, encoding: 5), .int32),
            ("an encoding of texts", dataPage([0x80, 1, 4, 3, 10], count: 3, encoding: 6), .int32),
            ("an encoding that does not exist", dataPage(int32(1, 2, 3), count: 3, encoding: 77), .int32),
            ("no header", [0xFF, 0xFF, 0xFF], .int32),
        ]
        for (name, pages, type) in broken {
            var failure: (any Error)?
            do { _ = try read(pages, type, isRequired: true, rowCount: 3) } catch { failure = error }
            guard case ParquetReadError.outOfSpec(let reason)? = failure else {
                Issue.record("\(name): \(String(describing: failure))")
                continue
            }
            #expect(reason.contains("row group 0, column a"), "\(name): \(reason)")
        }
    }
}
