import Contracts
import RawFile
import Testing

@testable import Columnar

/// Bytes that arrive in two pieces.
private final class SplitSource: ByteSource {
    private var pieces: [ArraySlice<UInt8>]

    init(_ bytes: [UInt8], at split: Int) {
        pieces = [bytes[..<split], bytes[split...]].filter { !$0.isEmpty }
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) -> Int {
        guard let piece = pieces.first else { return 0 }
        let count = min(piece.count, buffer.count)
        buffer.copyBytes(from: piece.prefix(count))
        pieces[0] = piece.dropFirst(count)
        if pieces[0].isEmpty { pieces.removeFirst() }
        return count
    }
}

/// The pieces in which a text arrives change neither its values, its rejected rows nor its batches.
@Suite struct SplitTests {
    private static let csv = """
        \u{FEFF}id,name,paid,extra\r
        1,"a ""quoted"" name, with\r\n a line break",true,x\r
        2,é葉😀,false,\n\n3,"",yes,"more"
        x,no integer,true,y\n4,too few\n"5",last,no,"open ""end"" here"
        """
    private static let json = """
        \u{FEFF}{"id":1,"name":"a \\"quoted\\" name","paid":true,"extra":{"a":[1,"é"]}}\r
        {"id":2,"name":"\\u00e9葉\\ud83d\\ude00","paid":"no"}\n\n{"paid":null,"id": 3 ,"operation":"delete"}
        {"id":"x","paid":true}\n[4]\nno JSON\n{"id":5,"name":null,"name":"last"}
        """

    /// Reads every batch of a text: values, sizes and rejected rows.
    private func batches(_ source: any ByteSource, as format: RawFormat, window: Int) throws -> Reading {
        let contract = try contract(columns: "id: bigint!", "name: string", "paid: boolean")
        var limits = ReaderLimits(batchRows: 3, batchBytes: 120, lineBytes: 1 << 20)
        limits.windowBytes = window
        return try Reading(try format.reader(of: source, contract: contract, limits: limits), contract)
    }

    private func expectSame(_ bytes: [UInt8], as format: RawFormat, isZipped: Bool) throws {
        func source(_ inner: any ByteSource) -> any ByteSource { isZipped ? InflatedSource(inner) : inner }
        let whole = try batches(source(MemorySource(bytes)), as: format, window: 1 << 16)
        #expect(whole.rows.count == 4 && !whole.rejected.isEmpty && whole.batchSizes.count > 1)
        for split in 0...bytes.count {
            for window in [4 + split, 1 << 16] {
                let reading = try batches(source(SplitSource(bytes, at: split)), as: format, window: window)
                #expect(reading.rows == whole.rows, "split at \(split), window \(window)")
                #expect(reading.faults == whole.faults, "split at \(split), window \(window)")
                #expect(reading.rejected.map(\.rawText) == whole.rejected.map(\.rawText), "split at \(split)")
                #expect(reading.batchSizes == whole.batchSizes, "split at \(split), window \(window)")
            }
        }
    }

    @Test("a text that is split at any byte reads the same", arguments: RawFormat.allCases)
    func splitText(format: RawFormat) throws {
        try expectSame(Array((format == .csv ? Self.csv : Self.json).utf8), as: format, isZipped: false)
    }

    @Test("a gzip file of two members that is split at any byte reads the same", arguments: RawFormat.allCases)
    func splitGzip(format: RawFormat) throws {
        let text = Array((format == .csv ? Self.csv : Self.json).utf8)
        try expectSame(gzip(Array(text[..<90])) + gzip(Array(text[90...])), as: format, isZipped: true)
    }
}
