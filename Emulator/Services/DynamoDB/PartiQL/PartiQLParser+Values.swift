internal import EmulatorCore

extension PartiQLParser {
    /// A literal or a parameter.
    /// - Parameters:
    ///   - place: the value's place in errors about numbers.
    ///   - isItem: whether it is an item, whose attributes are at the root.
    mutating func literal(under place: String = "root", isItem: Bool = false) throws(DynamoDBFault) -> AttributeValue {
        try enter()
        defer { leave() }
        let token = current
        switch token.kind {
        case .string:
            advance()
            return .string(token.text)
        case .number:
            advance()
            return .number(try number(token.text, under: place))
        case .word where token.isKeyword("TRUE") || token.isKeyword("FALSE"):
            advance()
            return .bool(token.isKeyword("TRUE"))
        case .word where token.isKeyword("NULL"):
            advance()
            return .null
        case .symbol: return try symbolLiteral(under: place, isItem: isItem)
        default: throw unexpected
        }
    }

    private mutating func symbolLiteral(
        under place: String, isItem: Bool
    ) throws(DynamoDBFault) -> AttributeValue {
        if take("?") { return try parameter() }
        if take("-") {
            guard current.kind == .number else { throw unexpected }
            let number = try number("-\(current.text)", under: place)
            advance()
            return .number(number)
        }
        if take("{") {
            var item = Item()
            if take("}") { return .map(item) }
            repeat {
                guard [.string, .word, .quotedName].contains(current.kind) else { throw unexpected }
                let name = current.text
                advance()
                try expect(":")
                item[name] = try literal(under: isItem ? place : "\(place).\(name)")
            } while take(",")
            try expect("}")
            return .map(item)
        }
        if take("[") {
            let elements = try elements(until: "]", under: place)
            return .list(elements)
        }
        if take("<<") { return try set(try elements(until: ">>", under: place)) }
        throw unexpected
    }

    private mutating func elements(until end: String, under place: String) throws(DynamoDBFault) -> [AttributeValue] {
        var elements: [AttributeValue] = []
        if take(end) { return elements }
        repeat { elements.append(try literal(under: "\(place)[\(elements.count)]")) } while take(",")
        try expect(end)
        return elements
    }

    private func set(_ members: [AttributeValue]) throws(DynamoDBFault) -> AttributeValue {
        let strings = members.compactMap { if case .string(let text) = $0 { text } else { nil } }
        let numbers = members.compactMap { if case .number(let number) = $0 { number } else { nil } }
        let binaries = members.compactMap { if case .binary(let bytes) = $0 { bytes } else { nil } }
        if members.isEmpty { throw .invalidParameter("An string set  may not be empty") }
        if strings.count == members.count { return .stringSet(strings) }
        if numbers.count == members.count { return .numberSet(numbers) }
        if binaries.count == members.count { return .binarySet(binaries) }
        throw .validation("The members of a set must be of one type: string, number or binary")
    }

    private func number(_ text: String, under place: String) throws(DynamoDBFault) -> DecimalNumber {
        let exponent = text.lowercased().split(separator: "e").dropFirst().first
        if let exponent, Int32(exponent) == nil { throw .notWellFormed("") }
        do throws(DecimalError) {
            return try DecimalNumber(text)
        } catch {
            throw .validation("\(error.message) under \(place)")
        }
    }

    // MARK: Assignments

    /// `path = value`, where the value may be a sum, a difference or a function.
    mutating func assignment() throws(DynamoDBFault) -> Update.Change {
        let path = try path()
        try expect("=")
        let isFunction = following.isSymbol("(")
        let function = current.text.lowercased()
        guard isFunction, function == "set_add" || function == "set_delete" else {
            return .set(path, try operand())
        }
        advance()
        advance()
        let changed = try self.path()
        try expect(",")
        let members = try literal()
        try expect(")")
        guard changed == path, [.stringSet, .numberSet, .binarySet].contains(members.kind) else {
            throw .validation("\(function) takes the attribute that is set and a set")
        }
        return function == "set_add" ? .add(path, members) : .delete(path, members)
    }

    private mutating func operand() throws(DynamoDBFault) -> Update.Operand {
        var left = try term()
        while true {
            if take("+") {
                left = .sum(left, try term())
            } else if take("-") {
                left = .difference(left, try term())
            } else {
                return left
            }
        }
    }

    private mutating func term() throws(DynamoDBFault) -> Update.Operand {
        try enter()
        defer { leave() }
        let isName = current.kind == .quotedName || current.kind == .word
        guard isName, !["TRUE", "FALSE", "NULL"].contains(where: current.isKeyword) else {
            return .value(try literal())
        }
        guard following.isSymbol("(") else { return .path(try path()) }
        let function = current.text.lowercased()
        advance()
        advance()
        let first = try operand()
        try expect(",")
        let second = try operand()
        try expect(")")
        switch function {
        case "list_append": return .appended([first, second])
        case "if_not_exists": return .firstPresent([first, second])
        default: throw .validation("Unsupported function in SET clause: \(function)")
        }
    }
}
