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
            guard case .bytes(let values) = batch.columns[index].values else { continue }
            var hidden = ColumnBatch.ByteArrays()
            for value in 0..<values.count { hidden.append(hide(values[value], by: masking)) }
            batch.columns[index].values = .bytes(hidden)
        }
    }

    private func hide(_ value: ArraySlice<UInt8>, by masking: Contract.Masking) -> [UInt8] {
        switch masking {
        case .hash: Array(Digest.hmacSHA256(Array(value), key: key).hexadecimal.utf8)
        case .mask: Self.mask(value)
        case .redact: Array(Self.redacted.utf8)
        }
    }

    /// Keeps the first and the last character of three or more, and as many stars as there are characters between.
    static func mask(_ value: ArraySlice<UInt8>) -> [UInt8] {
        let characters = Array(String(decoding: value, as: UTF8.self))
        guard characters.count > 2, let first = characters.first, let last = characters.last else {
            return Array(String(repeating: "*", count: characters.count).utf8)
        }
        return Array("\(first)\(String(repeating: "*", count: characters.count - 2))\(last)".utf8)
    }
}
