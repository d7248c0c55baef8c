internal import EmulatorCore

/// Resolves a parsed update into one that can be applied, with the service's checks in the service's order.
struct UpdateResolver {
    static let functionNames: Set<String> = ["if_not_exists", "list_append"]
    private static let parsed = SyntaxCache<UpdateSyntax>()

    static func resolve(_ expression: String, _ placeholders: inout Placeholders) throws(ExpressionError) -> Update {
        let syntax = try parsed.syntax(of: expression) { (text) throws(ExpressionError) in try UpdateParser.parse(text)
        }
        for action in syntax.actions {
            try action.path.checkReservedWords()
            try action.operand?.checkReservedWords()
        }
        for action in syntax.actions { try action.operand?.checkFunctionNames() }
        if let section = syntax.repeatedSection {
            throw ExpressionError(
                "The \"\(section.rawValue)\" section can only be used once in an update expression;")
        }
        var resolved: [(section: UpdateSyntax.Section, path: DocumentPath, operand: Update.Operand?)] = []
        for action in syntax.actions {
            let path = try action.path.resolved(by: &placeholders)
            resolved.append((action.section, path, try action.operand?.resolved(by: &placeholders)))
        }
        try DocumentPath.checkApart(resolved.map(\.path))
        for action in resolved { try checkOperand(action.section, action.operand) }
        for action in resolved { try action.operand?.check() }
        return Update(changes: resolved.compactMap(change))
    }

    private static func change(
        _ action: (section: UpdateSyntax.Section, path: DocumentPath, operand: Update.Operand?)
    ) -> Update.Change? {
        switch (action.section, action.operand) {
        case (.set, let operand?): .set(action.path, operand)
        case (.remove, _): .remove(action.path)
        case (.add, .value(let value)): .add(action.path, value)
        case (.delete, .value(let value)): .delete(action.path, value)
        default: nil
        }
    }

    /// ADD needs a number or a set, DELETE a set.
    private static func checkOperand(
        _ section: UpdateSyntax.Section, _ operand: Update.Operand?
    ) throws(ExpressionError) {
        guard section == .add || section == .delete, case .value(let value)? = operand else { return }
        let allowed: [AttributeValue.Kind] = [.stringSet, .numberSet, .binarySet] + (section == .add ? [.number] : [])
        if allowed.contains(value.kind) { return }
        throw ExpressionError(
            "Incorrect operand type for operator or function; operator: \(section.rawValue), operand type: "
                + "\(value.kind.spelled), typeSet: ALLOWED_FOR_\(section.rawValue)_OPERAND")
    }
}

extension DocumentPath {
    /// Refuses paths that contain each other, or that disagree on the type of their container.
    static func checkApart(_ paths: [DocumentPath]) throws(ExpressionError) {
        var conflict: ExpressionError?
        for (position, path) in paths.enumerated() {
            for earlier in paths[..<position] {
                // Made only where it is shown: an update of many attributes has hundreds of pairs.
                var shown: String { "path one: \(earlier.shown), path two: \(path.shown)" }
                switch earlier.clash(with: path) {
                case .overlap:
                    throw ExpressionError(
                        "Two document paths overlap with each other; must remove or rewrite one of these paths; "
                            + shown)
                case .conflict:
                    conflict =
                        conflict
                        ?? ExpressionError(
                            "Two document paths conflict with each other; must remove or rewrite one of these paths; "
                                + shown)
                case nil: break
                }
            }
        }
        if let conflict { throw conflict }
    }
}

extension AttributeValue.Kind {
    /// The name of the type in messages about ADD and DELETE.
    fileprivate var spelled: String {
        switch self {
        case .string: "STRING"
        case .number: "NUMBER"
        case .binary: "BINARY"
        case .bool: "BOOLEAN"
        case .null: "NULL"
        case .stringSet: "STRING_SET"
        case .numberSet: "NUMBER_SET"
        case .binarySet: "BINARY_SET"
        case .list: "LIST"
        case .map: "MAP"
        }
    }
}

extension UpdateSyntax.Operand {
    fileprivate func checkReservedWords() throws(ExpressionError) {
        switch self {
        case .path(let path): try path.checkReservedWords()
        case .value: break
        case .function(_, let arguments): for argument in arguments { try argument.checkReservedWords() }
        case .sum(_, let left, let right):
            try left.checkReservedWords()
            try right.checkReservedWords()
        }
    }

    fileprivate func checkFunctionNames() throws(ExpressionError) {
        switch self {
        case .path, .value: break
        case .function(let name, let arguments):
            guard UpdateResolver.functionNames.contains(name) else {
                throw ConditionResolver.functionNames.contains(name)
                    ? ExpressionError("The function is not allowed in an update expression; function: \(name)")
                    : ExpressionError("Invalid function name; function: \(name)")
            }
            for argument in arguments { try argument.checkFunctionNames() }
        case .sum(_, let left, let right):
            try left.checkFunctionNames()
            try right.checkFunctionNames()
        }
    }

    fileprivate func resolved(by placeholders: inout Placeholders) throws(ExpressionError) -> Update.Operand {
        switch self {
        case .path(let path): return .path(try path.resolved(by: &placeholders))
        case .value(let name): return .value(try placeholders.value(for: name))
        case .function(let name, let arguments):
            var operands: [Update.Operand] = []
            for argument in arguments { operands.append(try argument.resolved(by: &placeholders)) }
            return name == "list_append" ? .appended(operands) : .firstPresent(operands)
        case .sum(let symbol, let left, let right):
            let left = try left.resolved(by: &placeholders)
            let right = try right.resolved(by: &placeholders)
            return symbol == "+" ? .sum(left, right) : .difference(left, right)
        }
    }
}

extension Update.Operand {
    fileprivate func check() throws(ExpressionError) {
        switch self {
        case .path, .value: break
        case .firstPresent(let operands):
            try Self.checkCount(of: "if_not_exists", operands)
            guard case .path = operands[0] else {
                throw ExpressionError(
                    "Operator or function requires a document path; operator or function: if_not_exists")
            }
            for operand in operands { try operand.check() }
        case .appended(let operands):
            try Self.checkCount(of: "list_append", operands)
            for operand in operands { try operand.check(is: .list, for: "list_append") }
        case .sum(let left, let right):
            for operand in [left, right] { try operand.check(is: .number, for: "+") }
        case .difference(let left, let right):
            for operand in [left, right] { try operand.check(is: .number, for: "-") }
        }
    }

    private static func checkCount(of function: String, _ operands: [Update.Operand]) throws(ExpressionError) {
        guard operands.count != 2 else { return }
        throw ExpressionError(
            "Incorrect number of operands for operator or function; operator or function: \(function), "
                + "number of operands: \(operands.count)")
    }

    private func check(is kind: AttributeValue.Kind, for function: String) throws(ExpressionError) {
        if case .value(let value) = self, value.kind != kind {
            throw ExpressionError(
                "Incorrect operand type for operator or function; operator or function: \(function), operand type: "
                    + value.kind.rawValue)
        }
        try check()
    }
}
