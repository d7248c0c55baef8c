import Testing

@testable import Columnar

private func drain(_ source: any ByteSource, buffer size: Int = 1000) throws -> [UInt8] {
    var output: [UInt8] = []
    var room = [UInt8](repeating: 0, count: size)
    while true {
        let count = try room.withUnsafeMutableBytes { try source.read(into: $0) }
        guard count > 0 else { return output }
        output += room[..<count]
    }
}

/// Gives out bytes and then fails.
private final class FailingSource: ByteSource {
    struct Failure: Error, Equatable {}
    private let bytes: MemorySource

    init(after bytes: [UInt8]) { self.bytes = MemorySource(bytes) }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        let count = bytes.read(into: buffer)
        if count == 0 { throw Failure() }
        return count
    }
}

@Suite struct ReadAheadSourceTests {
    private let text = Array((0..<3000).map { "line \($0)\n" }.joined().utf8)

    @Test(arguments: [(1, 1), (7, 2), (1000, 4), (1 << 20, 4)])
    func theBytesAreThoseOfTheOtherSource(blockSize: Int, blocks: Int) throws {
        for buffer in [1, 999, 1 << 16] {
            let source = ReadAheadSource(MemorySource(text, pieceSize: 77), blockSize: blockSize, blocks: blocks)
            #expect(try drain(source, buffer: buffer) == text)
            #expect(try drain(source) == [])
        }
        #expect(try drain(ReadAheadSource(MemorySource([]))) == [])
    }

    @Test func anErrorComesAfterTheBytesBeforeIt() throws {
        let source = ReadAheadSource(FailingSource(after: text), blockSize: 1000, blocks: 2)
        var room = [UInt8](repeating: 0, count: text.count)
        var count = 0
        #expect(throws: FailingSource.Failure()) {
            while count < text.count + 1 {
                count += try room.withUnsafeMutableBytes { try source.read(into: .init(rebasing: $0[count...])) }
            }
        }
        #expect(count == text.count)
        #expect(room == text)
    }

    @Test func itMayBeDroppedWhileTheThreadStillReads() throws {
        for _ in 0..<50 {
            let source = ReadAheadSource(MemorySource(text), blockSize: 100, blocks: 2)
            var room = [UInt8](repeating: 0, count: 10)
            #expect(try room.withUnsafeMutableBytes { try source.read(into: $0) } == 10)
        }
    }

    @Test func theChecksumIsThereOnceAllHasBeenRead() throws {
        let inflated = InflatedSource(MemorySource(gzip(Array("abc".utf8))))
        #expect(try drain(ReadAheadSource(inflated)) == Array("abc".utf8))
        #expect(inflated.checksum() == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    }
}
