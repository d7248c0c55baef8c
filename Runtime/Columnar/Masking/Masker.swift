internal import CKernels
internal import Columns
public import Contracts
internal import Digest

/// A batch whose hidden values are masked. Only a ``Masker`` makes one, so a writer that takes these writes no other values.
public struct MaskedBatch: Sendable {
    public let records: RecordBatch

    fileprivate init(_ records: consuming RecordBatch) { self.records = records }

    /// A copy without some rows.
    /// - Parameter gone: their numbers, ascending.
    public func without(_ gone: [Int]) -> MaskedBatch { MaskedBatch(records.without(gone)) }
}

/// Masks the values that a contract hides, before they leave memory.
public struct Masker: Sendable {
    /// Replaces a redacted value.
    public static let redacted = "[redacted]"

    /// A hidden leaf of a column, by its place in a batch.
    private struct Masking {
        let index: Int
        let leaf: Int
        let how: Contract.Masking
        /// Whether the column holds JSON: then a JSON string replaces the value.
        let isJSON: Bool
    }

    private let maskings: [Masking]
    /// The columns that hold other rows, by their place in a batch; empty if the contract hides nothing.
    private let rowImages: [(index: Int, masking: RowImageMasking)]
    private let key: [UInt8]

    /// - Parameter key: the secret under which `hash` columns are hashed; nil if none is configured.
    /// - Throws: ``ColumnarError/missingMaskingKey(columns:)`` if the contract hashes a column and the key is missing.
    public init(_ contract: Contract, key: [UInt8]?) throws(ColumnarError) {
        let columns = contract.bronzeColumns
        maskings = columns.enumerated().flatMap { index, column -> [Masking] in
            column.leaves.enumerated().compactMap { leaf, place in
                guard let how = place.field.masking else { return nil }
                return Masking(
                    index: index, leaf: leaf, how: how, isJSON: place.field.type != .string)
            }
        }
        rowImages =
            !columns.contains(where: \.isHidden)
            ? []
            : columns.enumerated().compactMap { index, column in
                switch column.name {
                case BronzeColumn.previousKey, BronzeColumn.before: (index, RowImageMasking(columns))
                default: nil
                }
            }
        let hashed = maskings.filter { $0.how == .hash }.map { columns[$0.index].name }
        guard hashed.isEmpty || key?.isEmpty == false else { throw .missingMaskingKey(columns: hashed) }
        self.key = key ?? []
    }

    /// Masks the batch's hidden values in place. Nulls stay nulls.
    public func mask(_ batch: consuming RecordBatch) -> MaskedBatch {
        for masking in maskings {
            mask(&batch.columns[masking.index].leaves[masking.leaf].values, masking)
        }
        for (index, masking) in rowImages {
            guard case .byteArray(var rows) = batch.columns[index].leaves[0].values, rows.count > 0 else { continue }
            rows.replaceEach { row in masking.masked(row, by: mask) }
            batch.columns[index].leaves[0].values = .byteArray(rows)
        }
        return MaskedBatch(batch)
    }

    private func mask(_ text: [UInt8], _ how: Contract.Masking) -> [UInt8] {
        switch how {
        case .mask: ByteArrays.masked(text[...])
        case .hash: Array(Digest.hmacSHA256(text, key: key).hexadecimal.utf8)
        case .redact: Array(Self.redacted.utf8)
        }
    }

    private func mask(_ values: inout ColumnValues, _ masking: Masking) {
        guard case .byteArray(var texts) = values else { return }
        // With a second owner, the texts would be copied when they change.
        values = .boolean([])
        switch masking.how {
        case .mask: texts.mask()
        case .hash: texts.replaceEach { Digest.hmacSHA256(Array($0), key: key).hexadecimal.utf8 }
        case .redact: texts.replaceEach { _ in Self.redacted.utf8 }
        }
        if masking.isJSON {
            texts.replaceEach { hidden in
                var json: [UInt8] = []
                json.appendJSON(hidden)
                return json
            }
        }
        values = .byteArray(texts)
    }
}

extension ByteArrays {
    fileprivate mutating func replaceEach(by replacement: (ArraySlice<UInt8>) -> some Collection<UInt8>) {
        var replaced = ByteArrays()
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

    fileprivate static func masked(_ text: ArraySlice<UInt8>) -> [UInt8] {
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
