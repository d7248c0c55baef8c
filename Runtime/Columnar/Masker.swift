internal import CKernels
public import Contracts
internal import Digest

/// Hides what a contract says must not be seen, before it leaves memory.
public struct Masker: Sendable {
    /// What stands in for a redacted value.
    public static let redacted = "[redacted]"

    /// The columns that are hidden, by their place in a batch.
    private let maskings: [(index: Int, masking: Contract.Masking)]
    private let key: [UInt8]

    /// - Parameter key: the secret under which `hash` columns are hashed; nil if none is configured.
    /// - Throws: ``ColumnarError/missingMaskingKey(columns:)`` if the contract hashes a column and there is no key.
    public init(_ contract: Contract, key: [UInt8]?) throws(ColumnarError) {
        let columns = contract.bronzeColumns
        maskings = columns.enumerated().compactMap { index, column in column.masking.map { (index, $0) } }
        let hashed = columns.filter { $0.masking == .hash }.map(\.name)
        guard hashed.isEmpty || key?.isEmpty == false else { throw .missingMaskingKey(columns: hashed) }
        self.key = key ?? []
    }

    /// Hides the values of the batch's masked columns; nulls stay nulls.
    func mask(_ batch: inout ColumnBatch) {
        for (index, masking) in maskings {
            guard case .bytes(var values) = batch.columns[index].values else { continue }
            // The values leave the batch while they change: two owners would make them copy themselves.
            batch.columns[index].values = .boolean([])
            switch masking {
            case .mask: values.mask()
            case .hash: values.replaceEach { Digest.hmacSHA256(Array($0), key: key).hexadecimal.utf8 }
            case .redact: values.replaceEach { _ in Self.redacted.utf8 }
            }
            batch.columns[index].values = .bytes(values)
        }
    }
}

extension ColumnBatch.ByteArrays {
    fileprivate mutating func replaceEach(by replacement: (ArraySlice<UInt8>) -> some Collection<UInt8>) {
        var replaced = ColumnBatch.ByteArrays()
        for index in 0..<count { replaced.append(replacement(self[index])) }
        self = replaced
    }

    /// Keeps the first and the last character of texts of three or more, and a star for each other character.
    /// A character is a Unicode scalar here.
    fileprivate mutating func mask() {
        guard ck_ascii_prefix(bytes, bytes.count) == bytes.count else {
            return replaceEach { Self.masked($0) }
        }
        // In ASCII a character is a byte, so the stars go where the characters were.
        bytes.withUnsafeMutableBufferPointer { [offsets] bytes in
            for index in 0..<offsets.count - 1 {
                let (start, end) = (Int(offsets[index]), Int(offsets[index + 1]))
                let hidden = end - start > 2 ? start + 1..<end - 1 : start..<end
                bytes[hidden].update(repeating: Self.star)
            }
        }
    }

    private static let star = UInt8(ascii: "*")

    private static func masked(_ text: ArraySlice<UInt8>) -> [UInt8] {
        func beginsScalar(_ byte: UInt8) -> Bool { byte & 0xC0 != 0x80 }
        let scalars = text.count(where: beginsScalar)
        guard scalars > 2, let last = text.lastIndex(where: beginsScalar),
            let second = text.dropFirst().firstIndex(where: beginsScalar)
        else {
            return [UInt8](repeating: star, count: scalars)
        }
        return text[..<second] + [UInt8](repeating: star, count: scalars - 2) + text[last...]
    }
}
