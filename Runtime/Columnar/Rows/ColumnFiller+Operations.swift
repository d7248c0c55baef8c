internal import CKernels
internal import Columns
internal import Contracts

extension ColumnFiller where Spelling: ~Copyable {
    /// Adds the fields of the operation column, and `insert` where there is none.
    mutating func fillOperations(
        _ column: inout RecordBatch.Column, at index: Int, from fields: ck_fields, rows: Int,
        faults: inout [SliceFault]
    ) {
        var fields = fields
        var row = 0
        while row < rows {
            let raw = fields.raw(row)
            // Most files have a single operation, so equal neighbours are decoded once.
            let count = max(ck_equal_fields(&fields, row, rows), 1)
            do throws(FieldFault) {
                if let text = try spelling.decode(raw, isCareful: fields.isCareful(row), isText: false) {
                    guard let operation = RowOperation(text) else {
                        throw FieldFault(.unknownOperation, "is not insert, update, delete or truncate")
                    }
                    column.leaves[0].values.append(repeating: operation.text, count: count)
                } else {
                    column.leaves[0].values.append(repeating: "insert", count: count)
                }
            } catch {
                let message =
                    "\(column.schema.name): \(hidesText ? "the value" : spelling.shown(raw)) \(error.complaint)"
                for row in row..<row + count {
                    faults.append(SliceFault(row: row, column: index, reason: error.reason, message: message))
                }
            }
            row += count
        }
    }
}

/// The kind of a change.
enum RowOperation: CaseIterable {
    case insert, update, delete, truncate

    /// - Parameter text: the word, or the letter that DMS writes into files.
    /// - SeeAlso: <https://docs.aws.amazon.com/dms/latest/userguide/CHAP_Target.S3.html>
    init?(_ text: FieldText) {
        let letters: [(StaticString, RowOperation)] = [("I", .insert), ("U", .update), ("D", .delete)]
        guard
            let found = Self.allCases.first(where: { text.says($0.word) })
                ?? letters.first(where: { text.says($0.0) })?.1
        else { return nil }
        self = found
    }

    private var word: StaticString {
        switch self {
        case .insert: "insert"
        case .update: "update"
        case .delete: "delete"
        case .truncate: "truncate"
        }
    }

    var text: FieldText { FieldText(start: word.utf8Start, count: word.utf8CodeUnitCount) }
}

extension FieldText {
    fileprivate func says(_ word: StaticString) -> Bool {
        elementsEqual(FieldText(start: word.utf8Start, count: word.utf8CodeUnitCount))
    }
}
