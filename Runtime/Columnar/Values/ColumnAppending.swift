// How a slice's values move into a batch's arrays. Each array leaves its enum while it grows: two owners would make it
// copy itself.

extension ColumnBatch.Values {
    mutating func append(int64 source: UnsafeRawPointer, count: Int) {
        guard case .int64(var values) = self else { return }
        self = .int64([])
        values.append(contentsOf: Self.dense(source, count))
        self = .int64(values)
    }

    /// Adds 64-bit values that are known to fit 32.
    mutating func append(narrowing source: UnsafeRawPointer, count: Int) {
        guard case .int32(var values) = self else { return }
        self = .int32([])
        let wide: UnsafeBufferPointer<Int64> = Self.dense(source, count)
        values.makeRoom(for: count)
        for value in wide { values.append(Int32(truncatingIfNeeded: value)) }
        self = .int32(values)
    }

    mutating func append(double source: UnsafeRawPointer, count: Int) {
        guard case .double(var values) = self else { return }
        self = .double([])
        values.append(contentsOf: Self.dense(source, count))
        self = .double(values)
    }

    mutating func append(float source: UnsafeRawPointer, count: Int) {
        guard case .float(var values) = self else { return }
        self = .float([])
        values.append(contentsOf: Self.dense(source, count))
        self = .float(values)
    }

    mutating func append(boolean source: UnsafeRawPointer, count: Int) {
        guard case .boolean(var values) = self else { return }
        self = .boolean([])
        values.append(contentsOf: Self.dense(source, count))
        self = .boolean(values)
    }

    /// Adds numbers as their lowest bytes, the most significant of those first.
    mutating func append(fixed source: UnsafeRawPointer, count: Int) {
        guard case .fixed(var values, let length) = self else { return }
        self = .boolean([])
        let numbers: UnsafeBufferPointer<UInt128> = Self.dense(source, count)
        values.makeRoom(for: count * length)
        for number in numbers {
            withUnsafeBytes(of: number.bigEndian) { values.append(contentsOf: $0.suffix(length)) }
        }
        self = .fixed(values, length: length)
    }

    /// Adds texts; `offsets` has one more than there are texts and begins with 0.
    mutating func append(text bytes: UnsafePointer<UInt8>, offsets: UnsafePointer<UInt32>, count: Int) {
        guard case .bytes(var values) = self else { return }
        self = .boolean([])
        let base = UInt32(values.bytes.count)
        values.bytes.append(contentsOf: UnsafeBufferPointer(start: bytes, count: Int(offsets[count])))
        let first = values.offsets.count
        values.offsets.append(contentsOf: UnsafeBufferPointer(start: offsets + 1, count: count))
        if base > 0 {
            values.offsets.withUnsafeMutableBufferPointer { offsets in
                for index in first..<first + count { offsets[index] &+= base }
            }
        }
        self = .bytes(values)
    }

    /// Adds the same text `count` times.
    mutating func append(repeating text: StaticString, count: Int) {
        append(repeating: FieldText(start: text.utf8Start, count: text.utf8CodeUnitCount), count: count)
    }

    mutating func append(repeating text: FieldText, count: Int) {
        guard case .bytes(var values) = self else { return }
        self = .boolean([])
        values.append(repeating: text, count: count)
        self = .bytes(values)
    }

    /// Adds one text.
    mutating func append(text: some Collection<UInt8>) {
        guard case .bytes(var values) = self else { return }
        self = .boolean([])
        values.append(text)
        self = .bytes(values)
    }

    private static func dense<Value>(_ source: UnsafeRawPointer, _ count: Int) -> UnsafeBufferPointer<Value> {
        UnsafeBufferPointer(start: source.assumingMemoryBound(to: Value.self), count: count)
    }
}

extension ColumnBatch.Column {
    /// Adds `rows` nulls after the `before` rows that are there.
    mutating func appendNulls(_ rows: Int, after before: Int) {
        if case .nested(var nested) = values {
            values = .boolean([])
            nested.appendNulls(rows)
            values = .nested(nested)
        }
        let none = [UInt64](repeating: 0, count: (rows + 63) / 64)
        appendPresence(none, rows: rows, present: 0, after: before)
    }

    /// Adds the bits of `rows` rows after the `before` rows that are there.
    mutating func appendPresence(_ bits: UnsafePointer<UInt64>, rows: Int, present: Int, after before: Int) {
        var presence = Presence(words: self.presence, count: before)
        self.presence = nil
        presence.append(bits, rows: rows, present: present)
        self.presence = presence.words
    }
}

extension Array {
    /// Makes room for `count` more elements. What is added one at a time still moves only as often as the capacity doubles,
    /// which asking for the exact capacity each time would not.
    fileprivate mutating func makeRoom(for count: Int) {
        guard self.count + count > capacity else { return }
        reserveCapacity(Swift.max(self.count + count, 2 * capacity))
    }
}
