internal import CKernels
internal import Columns

/// Some consecutive values of one column. The safe face of the C kernels that read values.
struct ValueSlice {
    let values: ColumnValues
    let range: Range<Int>

    var count: Int { range.count }
    var isEmpty: Bool { range.isEmpty }

    func dropFirst(_ count: Int) -> ValueSlice {
        ValueSlice(values: values, range: range.lowerBound + count..<range.upperBound)
    }

    func prefix(_ count: Int) -> ValueSlice {
        ValueSlice(values: values, range: range.lowerBound..<range.lowerBound + count)
    }

    /// What the values take in PLAIN encoding, in bytes.
    var plainSize: Int {
        switch values {
        case .boolean: (count + 7) / 8
        case .int32, .float: 4 * count
        case .int64, .double: 8 * count
        case .byteArray: 4 * count + textSize
        case .fixedLengthByteArray(_, let length): length * count
        }
    }

    /// Bytes of byte array values, without their lengths.
    var textSize: Int {
        guard case .byteArray(let texts) = values else { return 0 }
        return Int(texts.offsets[range.upperBound] - texts.offsets[range.lowerBound])
    }

    /// How many of the values, at least one, fit into `bytes` of PLAIN encoding.
    func count(fittingInto bytes: Int) -> Int {
        guard plainSize > bytes else { return count }
        guard case .byteArray(let texts) = values else { return max(1, count * bytes / plainSize) }
        let offsets = texts.offsets
        let first = Int(offsets[range.lowerBound])
        var fits = 1
        var tooMany = count
        while fits < tooMany {
            let middle = (fits + tooMany + 1) / 2
            if Int(offsets[range.lowerBound + middle]) - first + 4 * middle <= bytes {
                fits = middle
            } else {
                tooMany = middle - 1
            }
        }
        return fits
    }
}

// MARK: Encodings

extension ValueSlice {
    /// PLAIN.
    /// - SeeAlso: <https://github.com/apache/parquet-format/blob/master/Encodings.md#plain-plain--0>
    func appendPlain(to buffer: ByteBuffer) {
        switch values {
        case .boolean(let array):
            array.withUnsafeBufferPointer { source in
                buffer.append(upTo: count / 8 + 1) {
                    parquet_pack_booleans(source.baseAddress.map { $0 + range.lowerBound }, count, $0)
                }
            }
        case .int32(let array): append(array, to: buffer)
        case .int64(let array): append(array, to: buffer)
        case .float(let array): append(array, to: buffer)
        case .double(let array): append(array, to: buffer)
        case .fixedLengthByteArray(let array, let length):
            array.withUnsafeBytes {
                let part = length * range.lowerBound..<length * range.upperBound
                buffer.append(UnsafeRawBufferPointer(rebasing: $0[part]))
            }
        case .byteArray(let texts):
            withPointers(texts) { offsets, bytes in
                buffer.append(upTo: plainSize) { parquet_plain_bytes(bytes, offsets, count, $0) }
            }
        }
    }

    /// DELTA_BINARY_PACKED for integers, DELTA_LENGTH_BYTE_ARRAY for byte arrays.
    /// - Returns: false, with nothing written, for types that have no such encoding.
    /// - SeeAlso: <https://github.com/apache/parquet-format/blob/master/Encodings.md#delta-encoding-delta_binary_packed--5>
    func appendDelta(to buffer: ByteBuffer) -> Bool {
        switch values {
        case .int32(let array):
            array.withUnsafeBufferPointer { source in
                buffer.append(upTo: parquet_delta_bound(count, 4)) {
                    parquet_delta_i32(source.baseAddress.map { $0 + range.lowerBound }, count, $0)
                }
            }
        case .int64(let array):
            array.withUnsafeBufferPointer { source in
                buffer.append(upTo: parquet_delta_bound(count, 8)) {
                    parquet_delta_i64(source.baseAddress.map { $0 + range.lowerBound }, count, $0)
                }
            }
        case .byteArray(let texts):
            let offsets = texts.offsets
            let lengths = range.map { Int32(bitPattern: offsets[$0 + 1] &- offsets[$0]) }
            _ = ValueSlice(values: .int32(lengths), range: 0..<count).appendDelta(to: buffer)
            texts.bytes.withUnsafeBytes {
                let text = Int(offsets[range.lowerBound])..<Int(offsets[range.upperBound])
                buffer.append(UnsafeRawBufferPointer(rebasing: $0[text]))
            }
        case .boolean, .float, .double, .fixedLengthByteArray: return false
        }
        return true
    }

    /// BYTE_STREAM_SPLIT, for numbers.
    /// - SeeAlso: <https://github.com/apache/parquet-format/blob/master/Encodings.md#byte-stream-split-byte_stream_split--9>
    func appendByteStreamSplit(to buffer: ByteBuffer) {
        withPlainBytes { bytes, width in
            buffer.append(upTo: count * width) { room in
                parquet_split_streams(bytes, count, width, room)
                return count * width
            }
        } orTexts: { _, _ in
            preconditionFailure("the schema allows no split of values without a common width")
        }
    }

    private func append<Value>(_ array: [Value], to buffer: ByteBuffer) {
        array.withUnsafeBufferPointer {
            buffer.append(UnsafeRawBufferPointer(UnsafeBufferPointer(rebasing: $0[range])))
        }
    }

    /// Shows values of fixed width as they are in PLAIN encoding, byte arrays with their offsets; only inside the
    /// closures. Booleans, which are bits in PLAIN encoding, are not shown.
    func withPlainBytes(
        _ body: (_ bytes: UnsafePointer<UInt8>?, _ width: Int) -> Void,
        orTexts texts: (_ offsets: UnsafePointer<UInt32>?, _ bytes: UnsafePointer<UInt8>?) -> Void
    ) {
        func show<Element>(_ array: [Element], _ width: Int) {
            array.withUnsafeBytes {
                let start = $0.baseAddress?.assumingMemoryBound(to: UInt8.self)
                body(start.map { $0 + range.lowerBound * width }, width)
            }
        }
        switch values {
        case .boolean: break
        case .int32(let array): show(array, 4)
        case .int64(let array): show(array, 8)
        case .float(let array): show(array, 4)
        case .double(let array): show(array, 8)
        case .fixedLengthByteArray(let array, let length): show(array, length)
        case .byteArray(let arrays): withPointers(arrays, texts)
        }
    }

    /// The arrays' memory, the offsets from the first value of the slice on; only inside `body`.
    func withPointers<R>(
        _ texts: ByteArrays, _ body: (UnsafePointer<UInt32>?, UnsafePointer<UInt8>?) -> R
    ) -> R {
        texts.offsets.withUnsafeBufferPointer { offsets in
            texts.bytes.withUnsafeBufferPointer { bytes in
                body(offsets.baseAddress.map { $0 + range.lowerBound }, bytes.baseAddress)
            }
        }
    }
}
