internal import CKernels
internal import Columns

/// The distinct values of a column chunk in the order of their first appearance; a value's code is its place there.
///
/// Values are distinguished by their bits: 0.0 and -0.0 are two, NaNs are equal when their payloads are.
final class ValueDictionary {
    private let type: PhysicalType
    /// Beyond this many bytes of keys the dictionary refuses.
    private let sizeLimit: Int
    /// Beyond this many the table grows no more: the same, or what the caller wanted of the last values.
    private var growthLimit = 0
    private var keys: Keys
    private(set) var count = 0
    /// The codes of the values given last.
    private(set) var codes: [UInt32] = []

    private enum Keys {
        case words32(slots: [UInt32], keys: [UInt32])
        case words64(slots: [UInt32], keys: [UInt64])
        case bytes(slots: [UInt32], bytes: [UInt8], offsets: [UInt32])
    }

    private static let initialSlotBits = 10
    /// Bytes behind the keys that belong to none.
    private static let keyPadding = Int(parquet_key_padding)

    init(of type: PhysicalType, sizeLimit: Int) {
        self.type = type
        self.sizeLimit = sizeLimit
        let slots = 1 << Self.initialSlotBits
        keys =
            switch type {
            case .int32, .float:
                .words32(slots: Array(repeating: 0, count: slots), keys: Array(repeating: 0, count: slots / 2))
            case .int64, .double:
                .words64(slots: Array(repeating: 0, count: slots), keys: Array(repeating: 0, count: slots / 2))
            case .byteArray, .fixedLengthByteArray, .boolean:
                .bytes(
                    slots: Array(repeating: 0, count: slots),
                    bytes: Array(repeating: 0, count: 8 * slots + Self.keyPadding),
                    offsets: Array(repeating: 0, count: slots / 2 + 1))
            }
    }

    /// Bits that a code takes, at least 1.
    var codeWidth: Int { max(1, UInt32.bitWidth - UInt32(max(count, 1) - 1).leadingZeroBitCount) }

    /// What the keys take in PLAIN encoding, in bytes.
    var plainSize: Int {
        switch keys {
        case .words32: 4 * count
        case .words64: 8 * count
        case .bytes(_, _, let offsets): Int(offsets[count]) + (type == .byteArray ? 4 * count : 0)
        }
    }

    /// Forgets all keys but the first `newCount`. Look nothing up until ``removeAll()``.
    func truncate(to newCount: Int) { count = newCount }

    func removeAll() {
        count = 0
        switch keys {
        case .words32(var slots, let keys):
            self.keys = .bytes(slots: [], bytes: [], offsets: [])
            slots.clear()
            self.keys = .words32(slots: slots, keys: keys)
        case .words64(var slots, let keys):
            self.keys = .bytes(slots: [], bytes: [], offsets: [])
            slots.clear()
            self.keys = .words64(slots: slots, keys: keys)
        case .bytes(var slots, let bytes, let offsets):
            self.keys = .bytes(slots: [], bytes: [], offsets: [])
            slots.clear()
            self.keys = .bytes(slots: slots, bytes: bytes, offsets: offsets)
        }
    }

    /// Takes the keys that values are given by, in place of all others, so that those of further values join them.
    /// - Returns: false if they are too many, or not distinct; then only ``removeAll()`` makes sense.
    func start(with keys: ColumnValues) -> Bool {
        removeAll()
        reserve(keys)
        return encode(ValueSlice(values: keys, range: 0..<keys.count)) && count == keys.count
    }

    /// Makes room for some keys and a quarter more, so that the table does not grow while it takes them.
    private func reserve(_ new: ColumnValues) {
        let limit = new.count + new.count / 4
        var slotCount = 1 << Self.initialSlotBits
        while slotCount / 2 < limit, slotCount >> parquet_code_bits == 0 { slotCount *= 2 }
        let slots = [UInt32](repeating: 0, count: slotCount)
        switch (keys, new) {
        case (.words32, _):
            keys = .words32(slots: slots, keys: Array(repeating: 0, count: slotCount / 2))
        case (.words64, _):
            keys = .words64(slots: slots, keys: Array(repeating: 0, count: slotCount / 2))
        case (.bytes(_, let bytes, _), .byteArray(let texts)):
            let size = texts.bytes.count + texts.bytes.count / 4 + Self.keyPadding
            keys = .bytes(
                slots: slots, bytes: size > bytes.count ? Array(repeating: 0, count: size) : bytes,
                offsets: Array(repeating: 0, count: slotCount / 2 + 1))
        case (.bytes, _): break
        }
    }

    /// The keys as values of the column.
    var values: ValueSlice {
        switch (keys, type) {
        case (.words32(_, let keys), .float):
            ValueSlice(values: .float(keys[..<count].map(Float.init(bitPattern:))), range: 0..<count)
        case (.words32(_, let keys), _):
            ValueSlice(values: .int32(keys[..<count].map(Int32.init(bitPattern:))), range: 0..<count)
        case (.words64(_, let keys), .double):
            ValueSlice(values: .double(keys[..<count].map(Double.init(bitPattern:))), range: 0..<count)
        case (.words64(_, let keys), _):
            ValueSlice(values: .int64(keys[..<count].map(Int64.init(bitPattern:))), range: 0..<count)
        case (.bytes(_, let bytes, let offsets), .byteArray):
            ValueSlice(values: .byteArray(ByteArrays(offsets: offsets, bytes: bytes)), range: 0..<count)
        case (.bytes(_, let bytes, let offsets), _):
            ValueSlice(
                values: .fixedLengthByteArray(bytes, length: count == 0 ? 1 : Int(offsets[1])), range: 0..<count)
        }
    }

    /// Looks up every value of `slice`, adding those not met before, and leaves their ``codes``.
    /// - Parameter keySize: bytes of keys, in PLAIN encoding, beyond which the caller has no use for the dictionary.
    /// - Returns: false when the keys would exceed that or the size limit; then only ``truncate(to:)`` makes sense.
    func encode(_ slice: ValueSlice, within keySize: Int = .max) -> Bool {
        growthLimit = min(sizeLimit, keySize)
        return lookUp(slice)
    }

    private func lookUp(_ slice: ValueSlice) -> Bool {
        switch slice.values {
        case .int32(let array): encodeWords32(array, slice.range)
        case .float(let array): encodeWords32(array, slice.range)
        case .int64(let array): encodeWords64(array, slice.range)
        case .double(let array): encodeWords64(array, slice.range)
        case .byteArray(let texts): encodeBytes(texts, slice.range)
        case .fixedLengthByteArray(let bytes, let length):
            encodeBytes(
                ByteArrays(offsets: (0...slice.range.upperBound).map { UInt32($0 * length) }, bytes: bytes), slice.range
            )
        case .boolean: false
        }
    }

    private func encodeWords32<Value>(_ array: [Value], _ range: Range<Int>) -> Bool {
        guard case .words32(var slots, var words) = keys else { return false }
        keys = .words32(slots: [], keys: [])
        defer { keys = .words32(slots: slots, keys: words) }
        return fill(range.count) { done, known, codes in
            array.withUnsafeBytes {
                parquet_dictionary_u32(
                    $0.baseAddress?.assumingMemoryBound(to: UInt32.self).advanced(by: range.lowerBound + done),
                    range.count - done, &slots, slots.bits, &words, &known, UInt32(words.count), codes)
            }
        } grow: { known in
            guard 4 * words.count < growthLimit else { return false }
            slots = Array(repeating: 0, count: 4 * slots.count)
            words += Array(repeating: 0, count: 3 * words.count)
            parquet_dictionary_rehash_u32(&slots, slots.bits, words, known)
            return true
        }
    }

    private func encodeWords64<Value>(_ array: [Value], _ range: Range<Int>) -> Bool {
        guard case .words64(var slots, var words) = keys else { return false }
        keys = .words64(slots: [], keys: [])
        defer { keys = .words64(slots: slots, keys: words) }
        return fill(range.count) { done, known, codes in
            array.withUnsafeBytes {
                parquet_dictionary_u64(
                    $0.baseAddress?.assumingMemoryBound(to: UInt64.self).advanced(by: range.lowerBound + done),
                    range.count - done, &slots, slots.bits, &words, &known, UInt32(words.count), codes)
            }
        } grow: { known in
            guard 8 * words.count < growthLimit else { return false }
            slots = Array(repeating: 0, count: 4 * slots.count)
            words += Array(repeating: 0, count: 3 * words.count)
            parquet_dictionary_rehash_u64(&slots, slots.bits, words, known)
            return true
        }
    }

    private func encodeBytes(_ texts: ByteArrays, _ range: Range<Int>) -> Bool {
        guard case .bytes(var slots, var keyBytes, var keyOffsets) = keys else { return false }
        keys = .bytes(slots: [], bytes: [], offsets: [])
        defer { keys = .bytes(slots: slots, bytes: keyBytes, offsets: keyOffsets) }
        func withTable<R>(_ known: UInt32, _ body: (inout parquet_byte_dictionary) -> R) -> R {
            let bits = slots.bits
            return slots.withUnsafeMutableBufferPointer { slots in
                keyBytes.withUnsafeMutableBufferPointer { keyBytes in
                    keyOffsets.withUnsafeMutableBufferPointer { keyOffsets in
                        var table = parquet_byte_dictionary(
                            slots: slots.baseAddress, slot_bits: bits, key_bytes: keyBytes.baseAddress,
                            key_bytes_limit: UInt32(keyBytes.count - Self.keyPadding),
                            key_offsets: keyOffsets.baseAddress, key_count: known,
                            key_limit: UInt32(keyOffsets.count - 1))
                        return body(&table)
                    }
                }
            }
        }
        return fill(range.count) { done, known, codes in
            ValueSlice(values: .byteArray(texts), range: range.lowerBound + done..<range.upperBound)
                .withPointers(texts) { offsets, bytes in
                    withTable(known) { table in
                        let looked = parquet_dictionary_bytes(bytes, offsets, range.count - done, &table, codes)
                        known = table.key_count
                        return looked
                    }
                }
        } grow: { known in
            if Int(known) == keyOffsets.count - 1 {
                let size = Int(keyOffsets[Int(known)]) + (type == .byteArray ? 4 * Int(known) : 0)
                guard size < growthLimit, slots.count >> parquet_code_bits == 0 else { return false }
                let factor = slots.count < 1 << 15 ? 4 : 2
                slots = Array(repeating: 0, count: factor * slots.count)
                keyOffsets += Array(repeating: 0, count: (factor - 1) * (keyOffsets.count - 1))
                withTable(known) { parquet_dictionary_rehash_bytes(&$0) }
                return true
            }
            let room = keyBytes.count - Self.keyPadding
            guard room < growthLimit else { return false }
            keyBytes += Array(repeating: 0, count: room)
            return true
        }
    }

    /// The range of the byte arrays whose ``codes`` were looked up last, each key compared once; nil for other types, and
    /// where comparing the values themselves takes no longer.
    func rangeOfCodedBytes() -> ValueRange? {
        guard case .bytes(_, let bytes, let offsets) = keys, type == .byteArray, count < codes.count else { return nil }
        return codes.withUnsafeBufferPointer { range(of: $0, bytes, offsets) }
    }

    /// The range of the values that have these codes; nil for types of which the keys that occur are compared instead.
    private func range(of codes: UnsafeBufferPointer<UInt32>, in column: ParquetColumn) -> ValueRange? {
        switch (keys, type) {
        case (.words32(_, let keys), .int32) where !column.isUnsigned:
            var (low, high): (Int32, Int32) = (0, 0)
            keys.withUnsafeBytes {
                parquet_range_codes_i32(
                    $0.baseAddress?.assumingMemoryBound(to: Int32.self), codes.baseAddress, codes.count, &low, &high)
            }
            return .int32(low, high)
        case (.words64(_, let keys), .int64) where !column.isUnsigned:
            var (low, high): (Int64, Int64) = (0, 0)
            keys.withUnsafeBytes {
                parquet_range_codes_i64(
                    $0.baseAddress?.assumingMemoryBound(to: Int64.self), codes.baseAddress, codes.count, &low, &high)
            }
            return .int64(low, high)
        case (.bytes(_, let bytes, let offsets), .byteArray):
            return range(of: codes, bytes, offsets)
        default: return nil
        }
    }

    private func range(of codes: UnsafeBufferPointer<UInt32>, _ bytes: [UInt8], _ offsets: [UInt32]) -> ValueRange {
        var seen = [UInt8](repeating: 0, count: count)
        var least = 0
        var greatest = 0
        parquet_range_codes(bytes, offsets, count, codes.baseAddress, codes.count, &seen, &least, &greatest)
        func key(_ code: Int) -> [UInt8] { Array(bytes[Int(offsets[code])..<Int(offsets[code + 1])]) }
        return .bytes(key(least), key(greatest))
    }

    /// The summary of the values that have these codes: each key is compared once only.
    func summary(of codes: UnsafeBufferPointer<UInt32>, nullCount: Int, in column: ParquetColumn) -> ValueSummary {
        var summary = ValueSummary()
        summary.nullCount = nullCount
        if case .bytes(_, _, let offsets) = keys, type == .byteArray {
            offsets.withUnsafeBufferPointer { offsets in
                for code in codes { summary.textSize += Int(offsets[Int(code) + 1] &- offsets[Int(code)]) }
            }
        }
        if let range = range(of: codes, in: column) {
            summary.range = range
            return summary
        }
        var isUsed = [Bool](repeating: false, count: count)
        var used: [Int] = []
        isUsed.withUnsafeMutableBufferPointer { isUsed in
            for code in codes where !isUsed[Int(code)] {
                isUsed[Int(code)] = true
                used.append(Int(code))
                // Most columns of numbers that are no integers have few.
                if used.count == count { break }
            }
        }
        let keys = values(at: used)
        var nanKeys = 0
        summary.range = ValueRange(of: ValueSlice(values: keys, range: 0..<keys.count), in: column, nanCount: &nanKeys)
        if nanKeys > 0 {
            var isNaN = [Bool](repeating: false, count: count)
            for (index, code) in used.enumerated() { isNaN[code] = keys.isNaN(index) }
            summary.nanCount = codes.count { isNaN[Int($0)] }
        }
        return summary
    }

    /// Some of the keys, as values of the column.
    private func values(at codes: [Int]) -> ColumnValues {
        switch (keys, type) {
        case (.words32(_, let keys), .float): return .float(codes.map { Float(bitPattern: keys[$0]) })
        case (.words32(_, let keys), _): return .int32(codes.map { Int32(bitPattern: keys[$0]) })
        case (.words64(_, let keys), .double): return .double(codes.map { Double(bitPattern: keys[$0]) })
        case (.words64(_, let keys), _): return .int64(codes.map { Int64(bitPattern: keys[$0]) })
        case (.bytes(_, let bytes, let offsets), _):
            var texts = ByteArrays()
            bytes.withUnsafeBufferPointer { bytes in
                for code in codes {
                    texts.append(UnsafeBufferPointer(rebasing: bytes[Int(offsets[code])..<Int(offsets[code + 1])]))
                }
            }
            guard case .fixedLengthByteArray(let length) = type else { return .byteArray(texts) }
            return .fixedLengthByteArray(texts.bytes, length: length)
        }
    }

    /// Runs `lookUp` until all values have codes, letting the table grow whenever it is full.
    private func fill(
        _ total: Int, lookUp: (_ done: Int, _ known: inout UInt32, _ codes: UnsafeMutablePointer<UInt32>?) -> Int,
        grow: (_ known: UInt32) -> Bool
    ) -> Bool {
        if codes.count != total { codes = Array(repeating: 0, count: total) }
        var known = UInt32(count)
        defer { count = Int(known) }
        var done = 0
        while true {
            done += codes.withUnsafeMutableBufferPointer { codes in
                lookUp(done, &known, codes.baseAddress.map { $0 + done })
            }
            if done == total { return true }
            guard grow(known) else { return false }
        }
    }
}

extension ColumnValues {
    fileprivate func isNaN(_ index: Int) -> Bool {
        switch self {
        case .float(let values): values[index].isNaN
        case .double(let values): values[index].isNaN
        default: false
        }
    }
}

extension Array where Element: FixedWidthInteger {
    /// log2 of the count of a table of slots.
    fileprivate var bits: UInt32 { UInt32(count.trailingZeroBitCount) }

    fileprivate mutating func clear() {
        for index in indices { self[index] = 0 }
    }
}
