internal import Columns
package import Contracts

/// Tells whether a text is a value of a column, by the readers' own rules: for tools that look for a type.
package struct ValueProbe {
    private let type: ColumnType
    private let format: ValueFormat?
    private let truncates: Bool
    private var values: ColumnValues

    /// - Parameters:
    ///   - type: one of single values.
    ///   - format: how the text is written; nil for the usual way.
    ///   - truncates: whether digits of a time beyond its unit are cut off.
    package init(_ type: ColumnType, format: ValueFormat? = nil, truncates: Bool = false) {
        self.truncates = truncates
        self.type = type
        self.format = format
        values = ColumnValues(for: type)
    }

    package mutating func accepts(_ text: String) -> Bool {
        var text = text
        return text.withUTF8 { bytes in
            do throws(FieldFault) {
                try values.append(parsing: bytes, as: type, truncates: truncates, format: format)
                values.removeAll()
                return true
            } catch {
                return false
            }
        }
    }

    /// The number as it would be written without a format; nil if it is not in the format.
    package static func plain(_ text: String, _ format: ValueFormat) -> String? {
        var text = text
        return text.withUTF8 { bytes in
            (try? format.plain(bytes, .double)).map { String(decoding: $0, as: UTF8.self) }
        }
    }
}
