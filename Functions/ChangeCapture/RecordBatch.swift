internal import CKernels

/// The records of one `PutRecords` request, as its text.
struct RecordBatch: Sendable {
    /// AWS takes 500 records and 10 MiB; smaller requests keep memory small and several in flight.
    static let countLimit = 500
    static let sizeLimit = 1 << 20

    private struct Record {
        let range: Range<Int>
        let keyHash: UInt64
    }

    /// The place of the first record among all records.
    let firstOrdinal: UInt64
    /// The text; only the first `length` bytes are used.
    private var text: [UInt8]
    private var length: Int
    private let headLength: Int
    private var records: [Record] = []
    /// Open records of many changes, one for each bucket; none where each change is a record.
    private var aggregates: [AggregatedRecord?]
    private var aggregatedSize = 0

    /// Changes of a key are always in the same one, so in the same shard.
    static let buckets: UInt64 = 64

    init(stream: String, firstOrdinal: UInt64, aggregates isAggregating: Bool = false) {
        aggregates = Array(repeating: nil, count: isAggregating ? Int(Self.buckets) : 0)
        self.firstOrdinal = firstOrdinal
        text = Array("{\"StreamName\":\"\(stream)\",\"Records\":[".utf8)
        headLength = text.count
        length = text.count
        text += [UInt8](repeating: 0, count: 256 << 10)
        records.reserveCapacity(Self.countLimit)
    }

    var count: Int { records.count }

    var isFull: Bool { records.count == Self.countLimit || length + aggregatedSize >= Self.sizeLimit }

    /// Appends a change. Alone, its partition key is `prefix.hash`.
    mutating func append(_ data: UnsafeRawBufferPointer, prefix: [UInt8], keyHash: UInt64) {
        guard !aggregates.isEmpty else { return put(data, prefix: prefix, keyHash: keyHash) }
        let bucket = Int(keyHash % Self.buckets)
        if aggregates[bucket] == nil {
            let key = Self.partitionKey(Self.bucketPrefix, UInt64(bucket))
            aggregates[bucket] = AggregatedRecord(partitionKey: key)
        }
        aggregates[bucket]?.append(data)
        aggregatedSize += data.count * 4 / 3
        if let size = aggregates[bucket]?.size, size >= AggregatedRecord.sizeLimit { seal(bucket) }
    }

    /// Ends the records of many changes. Nothing is appended after that.
    mutating func seal() {
        for bucket in aggregates.indices { seal(bucket) }
    }

    private mutating func seal(_ bucket: Int) {
        guard let record = aggregates[bucket] else { return }
        aggregates[bucket] = nil
        aggregatedSize = max(0, aggregatedSize - record.size * 4 / 3)
        record.sealed().withUnsafeBytes { put($0, prefix: Self.bucketPrefix, keyHash: UInt64(bucket)) }
    }

    private static let bucketPrefix = Array("cupel".utf8)

    private static func partitionKey(_ prefix: [UInt8], _ hash: UInt64) -> [UInt8] {
        let digits = String(hash, radix: 16)
        return prefix + [UInt8(ascii: ".")]
            + Array((String(repeating: "0", count: 16 - digits.utf8.count) + digits).utf8)
    }

    private mutating func put(_ data: UnsafeRawBufferPointer, prefix: [UInt8], keyHash: UInt64) {
        let needed = (data.count + 2) / 3 * 4 + prefix.count + 80
        if text.count - length < needed {
            text.append(contentsOf: repeatElement(0, count: max(needed, text.count)))
        }
        let start = length
        let head: StaticString = "{\"Data\":\""
        let middle: StaticString = "\",\"PartitionKey\":\""
        let tail: StaticString = "\"},"
        text.withUnsafeMutableBytes { buffer in
            guard let base = buffer.baseAddress?.assumingMemoryBound(to: UInt8.self) else { return }
            var place = start
            func append(_ bytes: UnsafeRawBufferPointer) {
                buffer[place...].copyBytes(from: bytes)
                place += bytes.count
            }
            func append(_ text: StaticString) {
                append(UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
            }
            append(head)
            if let bytes = data.baseAddress {
                place += ck_base64_encode(bytes.assumingMemoryBound(to: UInt8.self), data.count, base + place)
            }
            append(middle)
            prefix.withUnsafeBytes { append($0) }
            base[place] = UInt8(ascii: ".")
            place += 1
            for shift in stride(from: UInt64(60), through: 0, by: -4) {
                let digit = UInt8(truncatingIfNeeded: keyHash >> shift) & 15
                base[place] = digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10
                place += 1
            }
            append(tail)
            length = place
        }
        records.append(Record(range: start..<length, keyHash: keyHash))
    }

    /// The request's text.
    consuming func request() -> [UInt8] {
        text.removeLast(text.count - length)
        text[length - 1] = UInt8(ascii: "]")  // instead of the last comma
        text.append(UInt8(ascii: "}"))
        return text
    }

    /// What must be put again if `refused` were not taken: those and, so that the last change of a row is the last to arrive,
    /// every later record of the same key.
    func again(_ refused: [Int]) -> RecordBatch {
        var again = self
        again.records.removeAll(keepingCapacity: true)
        again.length = headLength
        var keys: Set<UInt64> = []
        var isRefused = [Bool](repeating: false, count: records.count)
        for index in refused where index < records.count { isRefused[index] = true }
        for (index, record) in records.enumerated() {
            if isRefused[index] { keys.insert(record.keyHash) }
            guard keys.contains(record.keyHash) else { continue }
            let start = again.length
            again.text.replaceSubrange(start..<start + record.range.count, with: text[record.range])
            again.length += record.range.count
            again.records.append(Record(range: start..<again.length, keyHash: record.keyHash))
        }
        return again
    }
}
