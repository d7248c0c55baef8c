/// A result as a table that fits the terminal: numbers to the right, and the widest texts cut where there is no space.
struct ResultTable {
    private let columns: [AthenaClient.Column]
    private let widths: [Int]
    /// Whether the columns do not fit side by side: then each value is on a line of its own.
    private let isUpright: Bool

    private static let gap = 2
    private static let smallest = 6

    /// - Parameters:
    ///   - rows: the first ones, by which the widths are chosen.
    ///   - width: that of the terminal.
    init(_ columns: [AthenaClient.Column], _ rows: [[String?]], width: Int) {
        self.columns = columns
        var widths = columns.enumerated().map { place, column in
            max(
                column.name.printable.columnWidth,
                rows.map { Self.cell($0[safe: place] ?? nil).columnWidth }.max() ?? 0, 1)
        }
        var excess = widths.reduce(0, +) + Self.gap * max(0, widths.count - 1) - width
        while excess > 0,
            let widest = widths.indices.filter({ !columns[$0].isNumber }).max(by: { widths[$0] < widths[$1] }),
            widths[widest] > Self.smallest
        {
            widths[widest] -= 1
            excess -= 1
        }
        self.widths = widths
        isUpright = excess > 0
    }

    /// The names, and a line below them.
    var header: String {
        guard !columns.isEmpty, !isUpright else { return "" }
        return line(of: columns.map(\.name)) + widths.map { String(repeating: "-", count: $0) }.joined(separator: "  ")
            + "\n"
    }

    func line(of row: [String?]) -> String {
        guard !isUpright else { return upright(row) }
        var line = ""
        for (place, width) in widths.enumerated() {
            var text = Self.cell(row[safe: place] ?? nil)
            text = text.cut(toColumns: width)
            let padding = String(repeating: " ", count: max(0, width - text.columnWidth))
            if place > 0 { line += String(repeating: " ", count: Self.gap) }
            line += columns[place].isNumber ? padding + text : text + padding
        }
        while line.last == " " { line.removeLast() }
        return line + "\n"
    }

    private func upright(_ row: [String?]) -> String {
        let names = columns.map(\.name.printable)
        let width = names.map(\.columnWidth).max() ?? 0
        let lines = zip(names, row).map { name, value in
            let text = value.map { Self.cell($0) } ?? "null"
            return String(repeating: " ", count: width - name.columnWidth) + name + "  " + text + "\n"
        }
        return lines.joined() + "\n"
    }

    private static func cell(_ value: String?) -> String { (value ?? "").printable }
}

extension Array {
    fileprivate subscript(safe place: Int) -> Element? { indices.contains(place) ? self[place] : nil }
}
