import Columns
import Testing

@Suite struct AppendingTests {
    @Test(
        "values that fit into the room that was reserved are added in place: nothing that is there is copied",
        arguments: [
            ColumnValues.boolean([0, 1, 1]), .int32([1, 2, 3]), .int64([1, 2, 3]), .float([1, 2, 3]),
            .double([1, 2, 3]),
            .byteArray(ByteArrays(offsets: [0, 1, 3, 6], bytes: Array("abbccc".utf8))),
            .fixedLengthByteArray(Array("aabbcc".utf8), length: 2),
        ])
    func inPlace(added: ColumnValues) {
        var values = added.reserving(1000, textSize: 4000)
        values.append(added, 0..<3)
        let place = address(of: values)
        for _ in 0..<300 {
            values.append(added, 1..<3)
            #expect(address(of: values) == place)
        }
        #expect(values.count == 603)
    }

    private func address(of values: ColumnValues) -> UnsafeRawPointer? {
        func first<Value>(_ values: [Value]) -> UnsafeRawPointer? { values.withUnsafeBytes { $0.baseAddress } }
        return switch values {
        case .boolean(let values): first(values)
        case .int32(let values): first(values)
        case .int64(let values): first(values)
        case .float(let values): first(values)
        case .double(let values): first(values)
        case .byteArray(let texts): first(texts.bytes)
        case .fixedLengthByteArray(let bytes, _): first(bytes)
        }
    }
}
