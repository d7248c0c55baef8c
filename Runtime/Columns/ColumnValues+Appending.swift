// Adding values. Each array leaves its enum while it grows: with two owners it would be copied.

extension ColumnValues {
    public mutating func append(boolean source: UnsafeRawPointer, count: Int) {
        guard case .boolean(var values) = self else { return }
        self = .boolean([])
        values.append(contentsOf: Self.dense(source, count))
        self = .boolean(values)
    }

    /// Adds 64-bit values that are known to fit 32 bits.
    public mutating func append(narrowing source: UnsafeRawPointer, count: Int) {
        guard case .int32(var values) = self else { return }
        self = .boolean([])
        let wide: UnsafeBufferPointer<Int64> = Self.dense(source, count)
        values.makeRoom(for: count)
        for value in wide { values.append(Int32(truncatingIfNeeded: value)) }
        self = .int32(values)
    }

    public mutating func append(int64 source: UnsafeRawPointer, count: Int) {
        guard case .int64(var values) = self else { return }
        self = .boolean([])
        values.append(contentsOf: Self.dense(source, count))
        self = .int64(values)
    }

    public mutating func append(float source: UnsafeRawPointer, count: Int) {
        guard case .float(var values) = self else { return }
        self = .boolean([])
        values.append(contentsOf: Self.dense(source, count))
        self = .float(values)
    }

    public mutating func append(double source: UnsafeRawPointer, count: Int) {
        guard case .double(var values) = self else { return }
        self = .boolean([])
        values.append(contentsOf: Self.dense(source, count))
        self = .double(values)
    }

    /// Adds 128-bit numbers as their lowest bytes, as many as a value has, most significant first.
    public mutating func append(fixed source: UnsafeRawPointer, count: Int) {
        guard case .fixedLengthByteArray(var values, let length) = self else { return }
        self = .boolean([])
        let numbers: UnsafeBufferPointer<UInt128> = Self.dense(source, count)
        values.makeRoom(for: count * length)
        for number in numbers {
            withUnsafeBytes(of: number.bigEndian) { values.append(contentsOf: $0.suffix(length)) }
        }
        self = .fixedLengthByteArray(values, length: length)
    }

    /// Adds `count` texts that lie end to end in `bytes`.
    /// - Parameter offsets: one offset more than there are texts; the first is 0.
    public mutating func append(text bytes: UnsafePointer<UInt8>, offsets: UnsafePointer<UInt32>, count: Int) {
        guard case .byteArray(var values) = self else { return }
        self = .boolean([])
        values.append(bytes, offsets: offsets, count: count)
        self = .byteArray(values)
    }

    /// Adds one text.
    public mutating func append(text: some Collection<UInt8>) {
        guard case .byteArray(var values) = self else { return }
        self = .boolean([])
        values.append(text)
        self = .byteArray(values)
    }

    /// Adds the same text `count` times.
    public mutating func append(repeating text: UnsafeBufferPointer<UInt8>, count: Int) {
        guard case .byteArray(var values) = self else { return }
        self = .boolean([])
        values.append(repeating: text, count: count)
        self = .byteArray(values)
    }

    /// Adds the same text `count` times.
    public mutating func append(repeating text: StaticString, count: Int) {
        append(repeating: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount), count: count)
    }

    /// Adds the values of `other`, which has the same type, at the places `range`.
    public mutating func append(_ other: ColumnValues, _ range: Range<Int>) {
        switch other {
        case .boolean(let added):
            guard case .boolean(var values) = self else { Self.mismatch() }
            self = .boolean([])
            values.append(contentsOf: added[range])
            self = .boolean(values)
        case .int32(let added):
            guard case .int32(var values) = self else { Self.mismatch() }
            self = .boolean([])
            values.append(contentsOf: added[range])
            self = .int32(values)
        case .int64(let added):
            guard case .int64(var values) = self else { Self.mismatch() }
            self = .boolean([])
            values.append(contentsOf: added[range])
            self = .int64(values)
        case .float(let added):
            guard case .float(var values) = self else { Self.mismatch() }
            self = .boolean([])
            values.append(contentsOf: added[range])
            self = .float(values)
        case .double(let added):
            guard case .double(var values) = self else { Self.mismatch() }
            self = .boolean([])
            values.append(contentsOf: added[range])
            self = .double(values)
        case .byteArray(let added):
            guard case .byteArray(var values) = self else { Self.mismatch() }
            self = .boolean([])
            values.append(added, range)
            self = .byteArray(values)
        case .fixedLengthByteArray(let added, _):
            guard case .fixedLengthByteArray(var values, let length) = self else { Self.mismatch() }
            self = .boolean([])
            values.append(contentsOf: added[length * range.lowerBound..<length * range.upperBound])
            self = .fixedLengthByteArray(values, length: length)
        }
    }

    private static func mismatch() -> Never { preconditionFailure("values of two different types") }

    private static func dense<Value>(_ source: UnsafeRawPointer, _ count: Int) -> UnsafeBufferPointer<Value> {
        UnsafeBufferPointer(start: source.assumingMemoryBound(to: Value.self), count: count)
    }
}

extension Array {
    /// Makes room for `count` more elements. The capacity at least doubles, so that adding a few at a time moves the array
    /// seldom; reserving the exact capacity would move it each time.
    fileprivate mutating func makeRoom(for count: Int) {
        guard self.count + count > capacity else { return }
        reserveCapacity(Swift.max(self.count + count, 2 * capacity))
    }
}
