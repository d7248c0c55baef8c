import Testing

@testable import Iceberg

@Suite struct IcebergValueTests {
    @Test(
        "values have the specification's binary form, and are read from it",
        arguments: [
            (.boolean(true), .boolean, [1]), (.int(-2), .int, [0xFE, 0xFF, 0xFF, 0xFF]),
            (.long(258), .long, [2, 1, 0, 0, 0, 0, 0, 0]), (.float(-0.5), .float, [0, 0, 0, 0xBF]),
            (.double(1), .double, [0, 0, 0, 0, 0, 0, 0xF0, 0x3F]), (.string("ö"), .string, [0xC3, 0xB6]),
            (.decimal(0), .decimal(precision: 9, scale: 2), [0]),
            (.decimal(128), .decimal(precision: 9, scale: 2), [0, 0x80]),
            (.decimal(-128), .decimal(precision: 9, scale: 2), [0x80]),
            (.decimal(-129), .decimal(precision: 38, scale: 2), [0xFF, 0x7F]), (.bytes([9]), .binary, [9]),
        ] as [(IcebergValue, IcebergType, [UInt8])])
    func forms(value: IcebergValue, type: IcebergType, bytes: [UInt8]) {
        #expect(value.serialized == bytes)
        #expect(IcebergValue(serialized: bytes, as: type) == value)
    }

    @Test("bounds from before a type was promoted are read") func promoted() {
        #expect(IcebergValue(serialized: [0xFE, 0xFF, 0xFF, 0xFF], as: .long) == .long(-2))
        #expect(IcebergValue(serialized: [0, 0, 0, 0xBF], as: .double) == .double(-0.5))
        #expect(IcebergValue(serialized: [1, 2, 3], as: .long) == nil)
    }
}
