internal import CKernels
public import RawFile

/// An estimate of a file's records, from its first and last bytes: enough to choose where to convert the file.
public struct SampleEstimate: Sendable, Hashable {
    /// Records, without a header.
    public let recordCount: Int
    public let decompressedBytes: Int
    /// Whether the sample was the whole file, so the counts are exact.
    public let isExact: Bool

    /// - Parameters:
    ///   - head: the file's first bytes; 64 KiB are enough.
    ///   - compressedSize: the size of the whole file.
    ///   - trailer: the last 4 bytes or more. Those of a gzip file hold the last member's length modulo 2^32.
    /// - Throws: ``ColumnarError`` if the head is not compressed like that.
    public init(
        head: [UInt8], compressedSize: Int, trailer: [UInt8], format: RawFormat, compression: RawCompression = .gzip
    ) throws(ColumnarError) {
        let isWhole = head.count >= compressedSize
        let (text, used) = try Self.decompress(head, compression, isWhole: isWhole)
        let records = Self.records(in: text, format: format, isWhole: isWhole)
        guard !isWhole else {
            self.init(recordCount: records.count, decompressedBytes: text.count, isExact: true)
            return
        }
        let ratio = Double(text.count) / Double(max(used, 1))
        let size: Int
        switch compression {
        case .none: size = compressedSize
        case .gzip: size = Self.size(near: ratio * Double(compressedSize), trailer: trailer)
        case .zstd: size = Int(ratio * Double(compressedSize))
        }
        let recordSize = Double(records.bytes) / Double(max(records.count, 1))
        // A head without one whole record has records at least as long as it is.
        let count = recordSize > 0 ? Double(size - records.headerBytes) / recordSize : 1
        self.init(recordCount: max(Int(count.rounded()), 1), decompressedBytes: size, isExact: false)
    }

    private init(recordCount: Int, decompressedBytes: Int, isExact: Bool) {
        self.recordCount = recordCount
        self.decompressedBytes = decompressedBytes
        self.isExact = isExact
    }

    /// The length that the trailer allows and the ratio suggests. A file of several members has the last one's length in
    /// its trailer, which then is far from the ratio's estimate and is ignored.
    private static func size(near estimate: Double, trailer: [UInt8]) -> Int {
        guard trailer.count >= 4 else { return Int(estimate) }
        let low = trailer.suffix(4).reversed().reduce(0.0) { $0 * 256 + Double($1) }
        let wraps = max(((estimate - low) / 4_294_967_296).rounded(), 0)
        let candidate = low + wraps * 4_294_967_296
        return Int(abs(candidate - estimate) <= estimate / 2 ? candidate : estimate)
    }

    private static func decompress(
        _ head: [UInt8], _ compression: RawCompression, isWhole: Bool
    ) throws(ColumnarError) -> (text: [UInt8], used: Int) {
        let source = compression.source(
            MemorySource(head), limits: InflateLimits(), hashing: nil, isSample: !isWhole)
        var text: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 64 << 10)
        // A head of one repeated line could expand very far; its front is enough.
        while text.count < 16 << 20 {
            let count: Int
            do {
                count = try piece.withUnsafeMutableBytes { try source.read(into: $0) }
            } catch let error as ColumnarError {
                throw error
            } catch {
                break
            }
            guard count > 0 else { break }
            text += piece[..<count]
        }
        return (text, source.position)
    }

    private struct Records {
        var count = 0
        /// Bytes of the counted records.
        var bytes = 0
        var headerBytes = 0
    }

    private static func records(in text: [UInt8], format: RawFormat, isWhole: Bool) -> Records {
        var records = Records()
        var start = 0
        var isHeader = format == .csv
        while start < text.count {
            guard let end = endOfRow(in: text, from: start, format: format) ?? (isWhole ? text.count : nil) else {
                break
            }
            let isBlank = text[start..<end].allSatisfy { $0 == 0x0A || $0 == 0x0D || $0 == 0x20 }
            if isHeader {
                records.headerBytes = end
                isHeader = false
            } else {
                records.bytes += end - start
                records.count += isBlank ? 0 : 1
            }
            start = end
        }
        return records
    }

    private static func endOfRow(in text: [UInt8], from start: Int, format: RawFormat) -> Int? {
        guard format == .csv else { return text[start...].firstIndex(of: 0x0A).map { $0 + 1 } }
        var state: Int32 = 0
        var hasEnded = false
        let end = text.withUnsafeBufferPointer { text in
            text.baseAddress.map {
                ck_csv_skip_row(
                    $0, start, text.count, ck_csv_dialect(delimiter: UInt8(ascii: ","), has_escapes: false), &state,
                    &hasEnded)
            }
        }
        return hasEnded ? end : nil
    }
}
