internal import Columns
internal import Contracts

/// Counts the rows whose values in some columns occurred before, as long as memory suffices.
///
/// Integers are counted exactly, and so are all values of up to 8 bytes; of others 64 bits are kept, and two different
/// ones among a million agree in one of 37 million files.
struct RepeatCounter {
    private(set) var repeats = 0
    /// Whether memory has run out: then there may be more.
    private(set) var isExhausted = false

    private let places: [MeasuredPlace]
    private let byteLimit: Int
    private var integers: IntegerSet?
    private var fingerprints: FingerprintSet

    /// - Parameter places: none of them in a list.
    init(of places: [MeasuredPlace], byteLimit: Int) {
        self.places = places
        self.byteLimit = byteLimit
        fingerprints = FingerprintSet(byteLimit: byteLimit)
        integers = places.count == 1 ? IntegerSet() : nil
    }

    /// Counts the batch's rows. Those that change or delete a row repeat its key by nature and are left out, and so are
    /// those with a null.
    ///
    /// - Parameter operations: the batch's column of that name.
    mutating func count(_ batch: RecordBatch, operations: RecordBatch.Column) {
        guard !isExhausted else { return }
        guard let changes = operations.changes(rows: batch.rowCount) else {
            if places.count == 1 { return count(places[0].values(in: batch)) }
            return insert(keys(of: batch, without: []))
        }
        insert(keys(of: batch, without: changes))
    }

    /// Counts all values of a column.
    private mutating func count(_ values: ColumnValues) {
        switch values {
        case .int32(let values): count(values)
        case .int64(let values): count(values)
        default: insert(values.keys)
        }
    }

    private mutating func count<Value: FixedWidthInteger>(_ values: [Value]) {
        var rest = values[...]
        // Values that lie far apart would have a page each, so the set is looked at before it has many.
        while !rest.isEmpty, var set = integers.take() {
            repeats += set.insert(rest.prefix(256))
            rest = rest.dropFirst(256)
            keep(set)
        }
        insert(rest.map { Fingerprint.of(UInt64(truncatingIfNeeded: $0)) })
    }

    /// Keeps `set`, or its single numbers where those take less memory.
    private mutating func keep(_ set: IntegerSet) {
        guard set.isSparse || set.sizeInBytes > byteLimit else {
            integers = set
            return
        }
        move(set)
    }

    private mutating func insert(_ keys: [UInt64]) {
        guard !isExhausted else { return }
        for key in keys {
            switch fingerprints.insert(key) {
            case .added: break
            case .present: repeats += 1
            case .full:
                isExhausted = true
                return
            }
        }
    }

    /// A fingerprint for each row that has all values, except for those in `skipped`.
    private mutating func keys(of batch: RecordBatch, without skipped: Set<Int>) -> [UInt64] {
        // Rows are counted one at a time from here on.
        if let set = integers.take() { move(set) }
        var keys: [UInt64?] = (0..<batch.rowCount).map { skipped.contains($0) ? nil : 0 }
        for place in places {
            let (values, presence) = (place.values(in: batch).keys, place.presence(in: batch))
            var value = 0
            for row in 0..<batch.rowCount {
                let isPresent = presence.map { $0[row >> 6] >> (row & 63) & 1 == 1 } ?? true
                if let key = keys[row] {
                    keys[row] =
                        isPresent ? places.count == 1 ? values[value] : Fingerprint.of(key, values[value]) : nil
                }
                value += isPresent ? 1 : 0
            }
        }
        return keys.compactMap(\.self)
    }

    private mutating func move(_ set: IntegerSet) {
        var (fingerprints, isExhausted) = (FingerprintSet(byteLimit: byteLimit), false)
        set.forEach { value in
            if fingerprints.insert(Fingerprint.of(UInt64(bitPattern: value))) == .full { isExhausted = true }
        }
        self.fingerprints = fingerprints
        self.isExhausted = isExhausted
    }
}

extension ColumnValues {
    /// A fingerprint for each value: equal values have equal ones.
    fileprivate var keys: [UInt64] {
        switch self {
        case .boolean(let values): return values.map { Fingerprint.of(UInt64($0)) }
        case .int32(let values): return values.map { Fingerprint.of(UInt64(bitPattern: Int64($0))) }
        case .int64(let values): return values.map { Fingerprint.of(UInt64(bitPattern: $0)) }
        // Both zeros are equal.
        case .float(let values): return values.map { Fingerprint.of(UInt64(($0 == 0 ? 0 : $0).bitPattern)) }
        case .double(let values): return values.map { Fingerprint.of(($0 == 0 ? 0 : $0).bitPattern) }
        case .byteArray(let texts):
            return texts.bytes.withUnsafeBufferPointer { bytes in
                (0..<texts.count).map { index in
                    let range = Int(texts.offsets[index])..<Int(texts.offsets[index + 1])
                    return Fingerprint.of(FieldText(rebasing: bytes[range]))
                }
            }
        case .fixedLengthByteArray(let values, let length):
            return values.withUnsafeBufferPointer { bytes in
                stride(from: 0, to: bytes.count, by: length).map {
                    Fingerprint.of(FieldText(rebasing: bytes[$0..<$0 + length]))
                }
            }
        }
    }
}
