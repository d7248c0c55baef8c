/// Rows of text in aligned columns.
struct TextTable {
    enum Alignment { case left, right }

    struct Column {
        let title: String
        let alignment: Alignment

        static func left(_ title: String) -> Column { Column(title: title, alignment: .left) }
        static func right(_ title: String) -> Column { Column(title: title, alignment: .right) }
    }

    private let columns: [Column]
    private var rows: [[String]] = []

    init(_ columns: [Column]) { self.columns = columns }

    var isEmpty: Bool { rows.isEmpty }

    /// - Parameter cells: one per column. Line breaks become spaces.
    mutating func add(_ cells: [String]) {
        rows.append(cells.map { cell in String(cell.map { $0.isNewline ? " " : $0 }) })
    }

    /// The table's lines, titles first, cut to `width` columns if it is given.
    func lines(width: Int? = nil) -> [String] {
        let all = [columns.map(\.title)] + rows
        let widths = columns.indices.map { column in all.map { $0[column].count }.max() ?? 0 }
        return all.map { row in
            var line = ""
            for (position, column) in columns.enumerated() {
                let padding = String(repeating: " ", count: widths[position] - row[position].count)
                if position > 0 { line += "  " }
                line += column.alignment == .left ? row[position] + padding : padding + row[position]
            }
            while line.last == " " { line.removeLast() }
            return Self.cut(line, to: width)
        }
    }

    /// A line of at most so many columns.
    static func cut(_ line: String, to width: Int?) -> String {
        guard let width, line.count > width, width > 1 else { return line }
        return line.prefix(width - 1) + "…"
    }

    /// The words of `text` in lines of at most `width` columns, unless a word is longer.
    static func wrapped(_ text: String, to width: Int) -> [String] {
        var lines: [String] = []
        for word in text.split(whereSeparator: \.isWhitespace) {
            if let last = lines.last, last.count + 1 + word.count <= width {
                lines[lines.count - 1] += " \(word)"
            } else {
                lines.append(String(word))
            }
        }
        return lines
    }

    func print(to stream: StandardStream) {
        stream.write(lines(width: stream.width).map { $0 + "\n" }.joined())
    }
}
