/// Byte arrays of any length, such as texts, in one piece of memory.
public struct ByteArrays: Sendable, Hashable {
    /// `count + 1` offsets into `bytes`; the value `i` reaches from offset `i` to offset `i + 1`.
    public var offsets: [UInt32]
    public var bytes: [UInt8]

    public init(offsets: [UInt32] = [0], bytes: [UInt8] = []) {
        self.offsets = offsets
        self.bytes = bytes
    }

    public var count: Int { offsets.count - 1 }

    public subscript(index: Int) -> ArraySlice<UInt8> { bytes[Int(offsets[index])..<Int(offsets[index + 1])] }

    public mutating func append(_ value: some Collection<UInt8>) {
        bytes.append(contentsOf: value)
        offsets.append(UInt32(bytes.count))
    }

    /// Adds `count` values that lie end to end in `source`.
    /// - Parameter ends: one offset more than there are values; the first is 0.
    public mutating func append(_ source: UnsafePointer<UInt8>, offsets ends: UnsafePointer<UInt32>, count: Int) {
        let base = UInt32(bytes.count)
        bytes.append(contentsOf: UnsafeBufferPointer(start: source, count: Int(ends[count])))
        let first = offsets.count
        offsets.append(contentsOf: UnsafeBufferPointer(start: ends + 1, count: count))
        if base > 0 {
            offsets.withUnsafeMutableBufferPointer { offsets in
                for index in first..<first + count { offsets[index] &+= base }
            }
        }
    }

    /// Adds the same value `count` times.
    public mutating func append(repeating value: UnsafeBufferPointer<UInt8>, count: Int) {
        let start = bytes.count
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: value.count * count) { copies in
            // Each round doubles what is there, so most of it is copied in large pieces.
            var filled = count > 0 ? value.count : 0
            _ = copies[..<filled].update(fromContentsOf: value.prefix(filled))
            while filled < copies.count {
                let piece = min(filled, copies.count - filled)
                _ = copies[filled...].update(fromContentsOf: copies[..<piece])
                filled += piece
            }
            bytes.append(contentsOf: UnsafeBufferPointer(copies))
        }
        withUnsafeTemporaryAllocation(of: UInt32.self, capacity: count) { ends in
            for index in 0..<count { ends[index] = UInt32(truncatingIfNeeded: start + (index + 1) * value.count) }
            offsets.append(contentsOf: UnsafeBufferPointer(ends))
        }
    }

    /// Adds the values of `other` at the places `range`.
    public mutating func append(_ other: ByteArrays, _ range: Range<Int>) {
        let first = other.offsets[range.lowerBound]
        let shift = UInt32(bytes.count) &- first
        bytes.append(contentsOf: other.bytes[Int(first)..<Int(other.offsets[range.upperBound])])
        offsets.append(
            contentsOf: other.offsets[range.lowerBound + 1..<range.upperBound + 1].lazy.map { $0 &+ shift })
    }

    /// Removes the values from `count` on and keeps the memory.
    public mutating func truncate(to count: Int) {
        offsets.removeSubrange((count + 1)...)
        bytes.removeSubrange(Int(offsets[count])...)
    }
}
