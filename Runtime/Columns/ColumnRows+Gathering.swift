extension ColumnRows {
    /// The rows with these numbers, in their order; a negative number stands for a null. Not for columns inside structs and lists.
    public func gathered(_ rows: [Int32]) -> ColumnArray {
        if array.presence == nil, rows.allSatisfy({ $0 >= 0 }) { return ColumnArray(array.values.gathered(rows)) }
        var words = [UInt64](repeating: 0, count: (rows.count + 63) / 64)
        var places: [Int32] = []
        places.reserveCapacity(rows.count)
        for (index, row) in rows.enumerated() where row >= 0 {
            let place = values(of: Int(row)..<Int(row) + 1)
            guard !place.isEmpty else { continue }
            words[index >> 6] |= 1 << UInt64(index & 63)
            places.append(Int32(place.lowerBound))
        }
        return ColumnArray(
            array.values.gathered(places), presence: places.count == rows.count ? nil : words)
    }

    /// All rows, with others in the place of some. Not for columns inside structs and lists.
    /// - Parameters:
    ///   - places: of the rows that are replaced, ascending; counted from `origin`.
    ///   - others: has a row for each place, from the row `first` on.
    public func replacing(
        _ places: ArraySlice<Int32>, from origin: Int, with others: ColumnRows, from first: Int
    ) -> ColumnArray {
        let given = others.values(of: first..<first + places.count)
        guard array.presence != nil || given.count < places.count else {
            return ColumnArray(
                array.values.replacing(places, from: origin, with: others.array.values, from: given.lowerBound))
        }
        var words = array.presence ?? [UInt64](repeating: .max, count: (rowCount + 63) / 64)
        var splices: [Splice] = []
        splices.reserveCapacity(places.count)
        for (index, place) in places.enumerated() {
            let row = Int(place) - origin
            let (own, other) = (values(of: row..<row + 1), others.values(of: first + index..<first + index + 1))
            let bit: UInt64 = 1 << UInt64(row & 63)
            words[row >> 6] = other.isEmpty ? words[row >> 6] & ~bit : words[row >> 6] | bit
            splices.append(Splice(own: own, other: other))
        }
        if rowCount & 63 > 0, array.presence == nil { words[words.count - 1] &= (1 << UInt64(rowCount & 63)) - 1 }
        return ColumnArray(array.values.spliced(splices, others.array.values), presence: words)
    }
}

/// Values that give way to others: none or one on each side.
private struct Splice {
    let own: Range<Int>
    let other: Range<Int>
}

extension ColumnValues {
    /// The values at these places, in their order.
    fileprivate func gathered(_ places: [Int32]) -> ColumnValues {
        func fixed<Value>(_ values: [Value]) -> [Value] {
            values.withUnsafeBufferPointer { values in
                [Value](unsafeUninitializedCapacity: places.count) { room, filled in
                    for (index, place) in places.enumerated() {
                        room.initializeElement(at: index, to: values[Int(place)])
                    }
                    filled = places.count
                }
            }
        }
        switch self {
        case .boolean(let values): return .boolean(fixed(values))
        case .int32(let values): return .int32(fixed(values))
        case .int64(let values): return .int64(fixed(values))
        case .float(let values): return .float(fixed(values))
        case .double(let values): return .double(fixed(values))
        case .byteArray(let texts): return .byteArray(texts.gathered(places))
        case .fixedLengthByteArray(let bytes, let length):
            var result: [UInt8] = []
            result.reserveCapacity(places.count * length)
            for place in places { result += bytes[Int(place) * length..<(Int(place) + 1) * length] }
            return .fixedLengthByteArray(result, length: length)
        }
    }

    /// As ``ColumnRows/replacing(_:from:with:from:)`` where all rows have values, so that places of rows are places of values.
    fileprivate func replacing(
        _ places: ArraySlice<Int32>, from origin: Int, with others: ColumnValues, from first: Int
    ) -> ColumnValues {
        func fixed<Value>(_ values: [Value], _ others: [Value]) -> [Value] {
            var values = values
            others.withUnsafeBufferPointer { others in
                values.withUnsafeMutableBufferPointer { values in
                    var next = first
                    for place in places {
                        values[Int(place) - origin] = others[next]
                        next += 1
                    }
                }
            }
            return values
        }
        switch (self, others) {
        case (.boolean(let values), .boolean(let others)): return .boolean(fixed(values, others))
        case (.int32(let values), .int32(let others)): return .int32(fixed(values, others))
        case (.int64(let values), .int64(let others)): return .int64(fixed(values, others))
        case (.float(let values), .float(let others)): return .float(fixed(values, others))
        case (.double(let values), .double(let others)): return .double(fixed(values, others))
        default:
            let splices = places.enumerated().map { index, place in
                Splice(
                    own: Int(place) - origin..<Int(place) - origin + 1, other: first + index..<first + index + 1)
            }
            return spliced(splices, others)
        }
    }

    /// The values with others in the place of some, in runs.
    fileprivate func spliced(_ splices: [Splice], _ others: ColumnValues) -> ColumnValues {
        func fixed<Value>(_ values: [Value], _ others: [Value], _ width: Int = 1) -> [Value] {
            let added = splices.reduce(0) { $0 + $1.other.count - $1.own.count } * width
            return values.withUnsafeBufferPointer { values in
                others.withUnsafeBufferPointer { others in
                    [Value](unsafeUninitializedCapacity: values.count + added) { room, filled in
                        func append(_ source: UnsafeBufferPointer<Value>, _ range: Range<Int>) {
                            guard !range.isEmpty, let to = room.baseAddress, let from = source.baseAddress else {
                                return
                            }
                            (to + filled).initialize(from: from + range.lowerBound * width, count: range.count * width)
                            filled += range.count * width
                        }
                        var next = 0
                        for splice in splices {
                            append(values, next..<splice.own.lowerBound)
                            append(others, splice.other)
                            next = splice.own.upperBound
                        }
                        append(values, next..<values.count / width)
                    }
                }
            }
        }
        switch (self, others) {
        case (.boolean(let values), .boolean(let others)): return .boolean(fixed(values, others))
        case (.int32(let values), .int32(let others)): return .int32(fixed(values, others))
        case (.int64(let values), .int64(let others)): return .int64(fixed(values, others))
        case (.float(let values), .float(let others)): return .float(fixed(values, others))
        case (.double(let values), .double(let others)): return .double(fixed(values, others))
        case (.fixedLengthByteArray(let values, let length), .fixedLengthByteArray(let others, _)):
            return .fixedLengthByteArray(fixed(values, others, length), length: length)
        case (.byteArray(let texts), .byteArray(let others)):
            var result = ByteArrays()
            result.offsets.reserveCapacity(texts.offsets.count + splices.count)
            result.bytes.reserveCapacity(texts.bytes.count + others.bytes.count)
            var next = 0
            for splice in splices {
                if next < splice.own.lowerBound { result.append(texts, next..<splice.own.lowerBound) }
                if !splice.other.isEmpty { result.append(others, splice.other) }
                next = splice.own.upperBound
            }
            if next < texts.count { result.append(texts, next..<texts.count) }
            return .byteArray(result)
        default: preconditionFailure("values of two different types")
        }
    }
}

extension ByteArrays {
    fileprivate func gathered(_ places: [Int32]) -> ByteArrays {
        let size = places.reduce(0) { $0 + Int(offsets[Int($1) + 1] - offsets[Int($1)]) }
        var ends: [UInt32] = [0]
        ends.reserveCapacity(places.count + 1)
        let gathered = [UInt8](unsafeUninitializedCapacity: size) { room, filled in
            bytes.withUnsafeBufferPointer { bytes in
                for place in places {
                    let (start, end) = (Int(offsets[Int(place)]), Int(offsets[Int(place) + 1]))
                    if let to = room.baseAddress, let from = bytes.baseAddress {
                        (to + filled).initialize(from: from + start, count: end - start)
                    }
                    filled += end - start
                    ends.append(UInt32(filled))
                }
            }
        }
        return ByteArrays(offsets: ends, bytes: gathered)
    }
}
