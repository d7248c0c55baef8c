internal import Columns
package import Contracts

/// Tells whether a text is a value of a column, by the readers' own rules: for tools that look for a type.
package struct ValueProbe {
    private let type: ColumnType
    private var values: ColumnValues

    /// - Parameter type: one of single values.
    package init(_ type: ColumnType) {
        self.type = type
        values = ColumnValues(for: type)
    }

    package mutating func accepts(_ text: String) -> Bool {
        var text = text
        return text.withUTF8 { bytes in
            do throws(FieldFault) {
                try values.append(parsing: bytes, as: type, truncates: false)
                values.removeAll()
                return true
            } catch {
                return false
            }
        }
    }
}
