internal import CKernels
internal import Contracts

/// The columns of a CSV file, matched by name with those of its contract.
struct CSVHeader {
    /// More columns than any table has; each needs memory of its own.
    static let columnLimit = 10_000

    /// - SeeAlso: <https://docs.aws.amazon.com/dms/latest/userguide/CHAP_Target.S3.html>
    private static let operationOfDMS = "Op"

    /// An empty one is of a field without a name.
    let names: [String]
    /// For each bronze column, where its values come from.
    let origins: [ColumnOrigin]
    /// The fields that no column takes, which go to `_rescued_data`.
    let unknown: [UnknownField]

    /// - Throws: ``ColumnarError`` where a name is there twice or a required column is missing.
    init(
        names: [String], columns: [BronzeColumn], dialect: CSVDialect, mayBeForeign: Bool
    ) throws(ColumnarError) {
        var fields: [String: Int] = [:]
        let columnNames = Set(columns.map(\.name))
        for (index, name) in names.enumerated()
        where !name.isEmpty && fields.updateValue(index, forKey: name) != nil {
            if let reason = Self.dataInstead(of: names, columnNames) { throw .badHeader(reason: reason) }
            throw .duplicateColumn(Self.shown(names, columns)[index])
        }
        // DMS writes the operation into a first column of this name.
        let isFromDMS =
            names.first == Self.operationOfDMS && !columnNames.contains(Self.operationOfDMS)
            && fields[BronzeColumn.operation] == nil
        for (name, field) in try Self.folded(names, columns.map(\.name), exact: fields) { fields[name] = field }
        var missing: [String] = []
        var origins: [ColumnOrigin] = []
        for column in columns {
            switch (column.name, fields[column.name]) {
            case (BronzeColumn.operation, let field):
                origins.append(.operation(isFromDMS ? 0 : field))
            case (BronzeColumn.rescuedData, _):
                origins.append(.rescued)
            case (_, let field?):
                origins.append(.field(field))
            case (let name, nil):
                if column.isRequired { missing.append(name) }
                origins.append(.absent)
            }
        }
        let isForeign = !origins.contains { if case .field = $0 { true } else { false } }
        if !missing.isEmpty {
            if isForeign,
                let reason = Self.otherDelimiter(names, columnNames) ?? Self.dataInstead(of: names, columnNames)
            {
                throw .badHeader(reason: reason)
            }
            throw .missingColumns(missing, header: Self.shown(names, columns))
        }
        // Otherwise all columns would be null, and the values in `_rescued_data` alone.
        guard mayBeForeign || !isForeign else { throw .badHeader(reason: Self.foreign(names, columns)) }
        var known = columnNames
        known.remove(BronzeColumn.rescuedData)
        if isFromDMS { known.insert(Self.operationOfDMS) }
        let taken = Set(origins.compactMap { if case .field(let field) = $0 { field } else { nil } })
        // An unknown name is replaced by its position if the contract hides a column that the header lacks, since the name may be
        // that column's broken one, or a value.
        let hidden = columns.filter(\.isHidden)
        let hasHidden = hidden.allSatisfy { fields[$0.name] != nil }
        let unknown = names.enumerated().filter { !known.contains($1) && !taken.contains($0) }
            .map { field, name in
                let isShown = hidden.isEmpty || hasHidden && UnknownMembers.isName(name.utf8)
                return UnknownField(index: field, name: isShown && !name.isEmpty ? name : Self.position(field))
            }
        let hasMembers = columns.contains(where: \.type.isNested)
        if unknown.isEmpty, !hasMembers,
            let rescued = columns.firstIndex(where: { $0.name == BronzeColumn.rescuedData })
        {
            origins[rescued] = .absent
        }
        self.names = names
        self.origins = origins
        self.unknown = unknown
    }

    /// The fields of columns that the header names in another case, or with spaces around the name: by the column's name.
    /// A name that two columns could mean is none; a column that two fields could be is an error, since it would be null.
    private static func folded(
        _ names: [String], _ columns: [String], exact: [String: Int]
    ) throws(ColumnarError) -> [String: Int] {
        let open = columns.filter { exact[$0] == nil && !BronzeColumn.systemNames.contains($0) }
        guard !open.isEmpty else { return [:] }
        let exactColumns = Set(columns)
        let fields = Dictionary(
            grouping: names.enumerated().filter { !exactColumns.contains($1) }, by: { fold($1) })
        guard !fields.isEmpty else { return [:] }
        var found: [String: Int] = [:]
        for (name, sameNames) in Dictionary(grouping: open, by: fold) where sameNames.count == 1 {
            guard let matching = fields[name] else { continue }
            guard matching.count == 1 else {
                throw .badHeader(
                    reason:
                        "'\(matching[0].element)' and '\(matching[1].element)' could both be the column '\(sameNames[0])', and "
                        + "differ from it in case or spaces only; give one of them the column's name, or the other a different one"
                )
            }
            found[sameNames[0]] = matching[0].offset
        }
        return found
    }

    /// Without the spaces, and the quotes of another kind, around it, in lower case.
    private static func fold(_ name: some StringProtocol) -> String {
        func isAround(_ character: Character) -> Bool {
            character.isWhitespace || character == "\"" || character == "'"
        }
        return String(name.drop(while: isAround).reversed().drop(while: isAround).reversed()).lowercased()
    }

    /// Why a header is refused that names no column.
    private static func foreign(_ names: [String], _ columns: [BronzeColumn]) -> String {
        let known = Set(columns.map(\.name))
        if let reason = otherDelimiter(names, known) ?? dataInstead(of: names, known) { return reason }
        let shown = columns.contains(where: \.isHidden) ? "" : " (\(names.prefix(5).joined(separator: ", ")))"
        return
            "none of its \(names.count) names is a column of the contract\(shown); add the header row, correct it, or let the contract say "
            + "that there is none with the custom property 'csvHeader: absent'"
    }

    /// Why a first row is refused that seems to be one of data: it names no column, and has a number, a date or nothing in a field.
    private static func dataInstead(of names: [String], _ known: Set<String>) -> String? {
        func isValue(_ name: String) -> Bool {
            guard let first = name.utf8.first else { return true }
            return first.isDigit || first == UInt8(ascii: "-") && name.utf8.dropFirst().first?.isDigit == true
        }
        guard !names.contains(where: { known.contains(fold($0)) || known.contains($0) }), names.contains(where: isValue)
        else { return nil }
        return
            "none of its \(names.count) names is a column of the contract, and it looks like a row of data; if the file has no "
            + "header, let the contract say so with the custom property 'csvHeader: absent', or add the header row"
    }

    /// Which other mark separates the names, if one of them is a column then.
    private static func otherDelimiter(_ names: [String], _ known: Set<String>) -> String? {
        let marks: [(Character, String, String)] = [
            (",", "comma", "commas"), (";", "semicolon", "semicolons"), ("\t", "tab", "tabs"),
            ("|", "bar", "vertical bars"),
        ]
        let separated = marks.first { mark, _, _ in
            names.contains { name in
                name.contains(mark)
                    && name.split(separator: mark).contains { known.contains(String($0)) || known.contains(fold($0)) }
            }
        }
        return separated.map { _, name, marks in
            "its names are separated by \(marks); let the contract say so with the custom property "
                + "'csvDelimiter: \(name)', or separate all fields as the contract says"
        }
    }

    /// The names as a message may have them. Where a file lacks its header, its first row is taken for one, and that may
    /// hold what the contract hides: then unknown names are replaced by their positions.
    private static func shown(_ names: [String], _ columns: [BronzeColumn]) -> [String] {
        guard columns.contains(where: \.isHidden) else {
            return names.enumerated().map { $1.isEmpty ? position($0) : $1 }
        }
        let known = Set(columns.map(\.name))
        return names.enumerated().map { known.contains($1) ? $1 : position($0) }
    }

    /// What the values of a field without a name have in `_rescued_data`, and messages for one that is not shown.
    static func position(_ field: Int) -> String { "field \(field + 1)" }
}

/// A field that no column takes.
struct UnknownField {
    let index: Int
    /// As `_rescued_data` has it.
    let name: String
}

extension CSVHeader {
    /// Reads the names in the first row of the text, and how many lines they take.
    /// - Parameter hidesText: whether messages must not show the names.
    static func read(
        _ window: inout TextWindow, _ index: inout CSVIndex, _ dialect: CSVDialect, limit: Int, hidesText: Bool
    ) throws -> (fields: [String], lines: Int) {
        try window.fill()
        window.skipByteOrderMark()
        while !index.scan(window) {
            guard !window.isEmpty else { throw ColumnarError.emptyText }
            guard window.count <= limit + 1 else { throw ColumnarError.headerTooLong(limit: limit) }
            if !window.isAtEnd {
                try window.fill()
            } else if !window.terminate() {
                throw ColumnarError.unterminatedQuote(line: 1, byte: window.position(of: window.start))
            }
        }
        let start = window.start
        let newline = Int(index.newline)
        let text = UnsafePointer(window.text)
        let hasReturn = newline > start && text[newline - 1] == UInt8(ascii: "\r")
        let end = hasReturn ? newline - 1 : newline
        guard end > start else { throw ColumnarError.emptyText }
        // It may have come as a whole, in a window that is larger.
        guard end - start <= limit else { throw ColumnarError.headerTooLong(limit: limit) }
        guard ck_utf8_prefix(text + start, end - start) == end - start else { throw ColumnarError.headerNotUTF8 }
        let (ends, count) = index.fieldEnds
        guard count <= columnLimit else {
            throw ColumnarError.badHeader(reason: "it has \(count) columns; at most \(columnLimit) are read")
        }
        var spelling = CSVSpelling(dialect)
        var names: [String] = []
        var fieldStart = start
        for field in 0..<count {
            let fieldEnd = field == count - 1 ? end : Int(ends[field])
            let raw = FieldText(start: text + fieldStart, count: fieldEnd - fieldStart)
            guard raw.first == UInt8(ascii: "\"") || !raw.contains(UInt8(ascii: "\r")) else {
                throw ColumnarError.badHeader(
                    reason: "its field \(field + 1) has a carriage return without a line feed; end each line with LF "
                        + "or CRLF")
            }
            names.append(try name(raw, field: field + 1, hidesText: hidesText, &spelling))
            fieldStart = fieldEnd + 1
        }
        guard names.contains(where: { !$0.isEmpty }) else {
            throw ColumnarError.badHeader(
                reason:
                    "none of its \(count) fields has a name; name them, or if this row is one of data, let the contract "
                    + "say so with the custom property 'csvHeader: absent'")
        }
        let lines = ck_count_byte(text + start, newline + 1 - start, UInt8(ascii: "\n"))
        index.advance()
        window.discard(to: newline + 1)
        return (names, lines)
    }

    private static func name(
        _ raw: FieldText, field: Int, hidesText: Bool, _ spelling: inout CSVSpelling
    ) throws(ColumnarError) -> String {
        let text: FieldText?
        do throws(FieldFault) {
            text = try spelling.decode(raw, isCareful: false, isText: true)
        } catch {
            throw .badHeader(reason: "\(hidesText ? "field \(field)" : spelling.shown(raw)) \(error.complaint)")
        }
        return text.map { String(decoding: $0, as: UTF8.self) } ?? ""
    }
}

extension CSVHeader {
    /// Whether the first row has one field more than there are names, and it is empty: some programs end each row with a delimiter,
    /// but not the header. The row stays unread.
    ///
    /// One row decides for all, since an unquoted delimiter in a value makes a longer row, too.
    static func lacksLastField(
        of names: [String], _ window: inout TextWindow, _ index: inout CSVIndex, limit: Int
    ) throws -> Bool {
        while index.isExhausted, !index.scan(window) {
            guard !window.isEmpty || !window.isAtEnd, window.count <= limit + 1 else { return false }
            if !window.isAtEnd {
                try window.fill()
            } else if !window.terminate() {
                return false
            }
        }
        let (ends, count) = index.fieldEnds
        guard count > 1, count == names.count + 1 else { return false }
        let (start, newline) = (Int(ends[count - 2]) + 1, Int(index.newline))
        return newline == start || newline == start + 1 && window.text[start] == UInt8(ascii: "\r")
    }
}

extension CSVHeader {
    /// The names of the fields in a text without a header: the contract's columns in their order. DMS writes the operation
    /// before them. The first row stays unread.
    static func implied(
        by columns: [BronzeColumn], _ window: inout TextWindow, _ index: inout CSVIndex, _ dialect: CSVDialect,
        limit: Int
    ) throws -> [String] {
        let names = columns.map(\.name).filter { !BronzeColumn.systemNames.contains($0) }
        let first = try firstRow(&window, &index, dialect, limit: limit)
        if first.count == names.count, Set(first.map { fold($0) }) == Set(names.map { fold($0) }) {
            throw ColumnarError.badHeader(
                reason: "it is there, and the contract says 'csvHeader: absent'; remove the row, or the property")
        }
        let isFromDMS =
            first.count == names.count + 1 && ["I", "U", "D"].contains(first[0]) && !names.contains(operationOfDMS)
        return (isFromDMS ? [operationOfDMS] : []) + names
    }

    /// The names of the fields in a text whose header is not read: the contract's columns in their order. DMS writes the operation
    /// before them.
    /// - Returns: also how many lines the header takes.
    static func replaced(
        by columns: [BronzeColumn], _ window: inout TextWindow, _ index: inout CSVIndex, _ dialect: CSVDialect,
        limit: Int, hidesText: Bool
    ) throws -> (fields: [String], lines: Int) {
        let (found, lines) = try read(&window, &index, dialect, limit: limit, hidesText: hidesText)
        let names = columns.map(\.name).filter { !BronzeColumn.systemNames.contains($0) }
        if found.count == names.count { return (names, lines) }
        if found.count == names.count + 1, found.first == operationOfDMS { return ([operationOfDMS] + names, lines) }
        if found.count == names.count + 1, found.last == "" { return (names + [""], lines) }
        throw ColumnarError.badHeader(
            reason:
                "it has \(found.count) names, and the contract \(names.count) columns; with 'csvHeader: positional' there must be "
                + "as many")
    }

    /// The fields of the first row; nothing if there is no row, or none that can be read.
    private static func firstRow(
        _ window: inout TextWindow, _ index: inout CSVIndex, _ dialect: CSVDialect, limit: Int
    ) throws -> [String] {
        try window.fill()
        window.skipByteOrderMark()
        while !index.scan(window) {
            guard !window.isEmpty, window.count <= limit + 1 else { return [] }
            if !window.isAtEnd {
                try window.fill()
            } else if !window.terminate() {
                return []
            }
        }
        let (ends, count) = index.fieldEnds
        var spelling = CSVSpelling(dialect)
        var start = window.start
        var fields: [String] = []
        for field in 0..<count {
            var end = Int(ends[field])
            let next = end + 1
            if field == count - 1, end > start, window.text[end - 1] == UInt8(ascii: "\r") { end -= 1 }
            let raw = FieldText(start: UnsafePointer(window.text) + start, count: end - start)
            let text = try? spelling.decode(raw, isCareful: false, isText: true)
            fields.append(text.map { String(decoding: $0, as: UTF8.self) } ?? "")
            start = next
        }
        return fields
    }
}
