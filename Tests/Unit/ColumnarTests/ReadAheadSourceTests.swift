import Digest
import Testing

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

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

/// Returns bytes and then fails.
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

    @Test("the bytes are those of the wrapped source", arguments: [(1, 1), (7, 2), (1000, 4), (1 << 20, 4)])
    func sameBytes(blockSize: Int, blocks: Int) throws {
        for buffer in [1, 999, 1 << 16] {
            let source = ReadAheadSource(MemorySource(text, pieceSize: 77), blockSize: blockSize, blocks: blocks)
            #expect(try drain(source, buffer: buffer) == text)
            #expect(try drain(source) == [])
        }
        #expect(try drain(ReadAheadSource(MemorySource([]))) == [])
    }

    @Test("an error comes after the bytes before it") func errorOrder() throws {
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

    @Test("the source can be released while its thread still reads") func earlyRelease() throws {
        for _ in 0..<50 {
            let source = ReadAheadSource(MemorySource(text), blockSize: 100, blocks: 2)
            var room = [UInt8](repeating: 0, count: 10)
            #expect(try room.withUnsafeMutableBytes { try source.read(into: $0) } == 10)
        }
    }

    /// The reading thread hashes blocks if the consumer is slow; the consumer does if the reading thread is.
    @Test(
        "the checksum covers all bytes, whichever thread hashes them",
        arguments: [(1, 1), (7, 2), (100, 3), (1000, 8), (1 << 20, 4)], Pause.allCases)
    func checksumOfAllBytes(ring: (blockSize: Int, blocks: Int), pause: Pause) throws {
        let alone = InflatedSource(MemorySource(gzip(text)))
        #expect(try drain(alone) == text)
        let inflated = InflatedSource(SlowSource(gzip(text), isSlow: pause == .behindReading), hashing: nil)
        let source = ReadAheadSource(inflated, hashing: .sha256, blockSize: ring.blockSize, blocks: ring.blocks)
        #expect(try drain(SlowSource(source, isSlow: pause == .beforeReading)) == text)
        #expect(source.checksum() == alone.checksum())
    }

    @Test("an empty file has a checksum") func emptyChecksum() throws {
        let source = ReadAheadSource(InflatedSource(MemorySource(gzip([])), hashing: nil), hashing: .sha256)
        #expect(try drain(source) == [])
        #expect(source.checksum() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
    }

    @Test("an error of the wrapped source is thrown while its bytes are hashed") func failureWhileHashing() throws {
        for blocks in 1...4 {
            let inflated = InflatedSource(MemorySource(Array(gzip(text).dropLast(20))), hashing: nil)
            let source = ReadAheadSource(inflated, hashing: .sha256, blockSize: 1000, blocks: blocks)
            #expect(throws: ColumnarError.self) { try drain(source) }
        }
    }
}

enum Pause: CaseIterable { case none, beforeReading, behindReading }

/// Sleeps before each read, so that other threads run first.
private final class SlowSource: ByteSource {
    private let source: any ByteSource
    private let isSlow: Bool

    init(_ source: any ByteSource, isSlow: Bool) {
        self.source = source
        self.isSlow = isSlow
    }

    convenience init(_ bytes: [UInt8], isSlow: Bool) {
        self.init(MemorySource(bytes, pieceSize: 100), isSlow: isSlow)
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        if isSlow { usleep(50) }
        return try source.read(into: buffer)
    }
}
