internal import JSON
internal import JSONata

/// An object of a definition, and its place in it.
struct Fields {
    let object: JSONObject
    /// `/States/Wait`, empty at the top.
    let location: String

    func at(_ field: String) -> String { "\(location)/\(field)" }
}

extension DefinitionReader {
    mutating func report(_ message: String, at fields: Fields, field: String? = nil) {
        let place = field.map { fields.at($0) } ?? fields.location
        diagnostics.append(.schema(message, at: place.isEmpty ? "/" : place))
    }

    mutating func require(_ names: [String], in fields: Fields) {
        let missing = names.filter { fields.object[$0] == nil }
        guard !missing.isEmpty else { return }
        report("These fields are required: [\(missing.joined(separator: ", "))]", at: fields)
    }

    mutating func string(_ name: String, in fields: Fields) -> String? {
        guard let value = fields.object[name] else { return nil }
        if value.string == nil { report("Expected value of type String", at: fields, field: name) }
        return value.string
    }

    mutating func integer(_ name: String, in fields: Fields, atLeast least: Int, atMost most: Int = .max) -> Int? {
        guard let value = fields.object[name] else { return nil }
        guard let integer = value.int else {
            report("Expected value of type Integer", at: fields, field: name)
            return nil
        }
        guard integer >= least else {
            report("Minimum value is \(least)", at: fields, field: name)
            return nil
        }
        guard integer <= most else {
            report("Maximum value is \(most)", at: fields, field: name)
            return nil
        }
        return integer
    }

    /// The objects of an array field, each with its own place.
    mutating func list(_ name: String, in fields: Fields) -> [Fields] {
        guard let value = fields.object[name] else { return [] }
        guard let elements = value.array else {
            report("Expected value of type Array", at: fields, field: name)
            return []
        }
        var list: [Fields] = []
        for (position, element) in elements.enumerated() {
            let location = "\(fields.at(name))[\(position)]"
            if let object = element.object {
                list.append(Fields(object: object, location: location))
            } else {
                diagnostics.append(.schema("Expected value of type Object", at: location))
            }
        }
        return list
    }

    mutating func path(_ name: String, in fields: Fields) -> JSONPath? {
        guard let text = string(name, in: fields) else { return nil }
        do {
            let path = try JSONPath(text)
            note([path])
            return path
        } catch {
            report("Value is not a valid JSONPath", at: fields, field: name)
            return nil
        }
    }

    /// `InputPath`, `OutputPath`: `null` discards.
    mutating func pathField(_ name: String, in fields: Fields) -> PathField {
        guard let value = fields.object[name] else { return .whole }
        if value.isNull { return .discard }
        guard let path = path(name, in: fields) else { return .whole }
        return path.root == .input && path.steps.isEmpty ? .whole : .path(path)
    }

    mutating func readResultPath(_ fields: Fields) -> ResultPath {
        guard let value = fields.object["ResultPath"] else { return .replace }
        if value.isNull { return .discard }
        guard let path = path("ResultPath", in: fields) else { return .replace }
        guard let reference = ReferencePath(path) else {
            report(
                "Value is not a Reference Path: The ResultPath must be a reference path", at: fields,
                field: "ResultPath")
            return .replace
        }
        return reference.isWhole ? .replace : .put(reference)
    }

    /// A number, as `name` or at the path `namePath`.
    mutating func number(
        _ name: String, in fields: Fields, language: QueryLanguage, kind: NumberField.Kind,
        within range: ClosedRange<Double>
    ) -> NumberField? {
        checkOnlyOne(of: [name, name + "Path"], in: fields)
        if language == .jsonPath, fields.object[name + "Path"] != nil {
            return path(name + "Path", in: fields).map {
                NumberField(name: name + "Path", source: .path($0), kind: kind)
            }
        }
        guard let value = fields.object[name] else { return nil }
        if language == .jsonata, let expression = jsonata(value, field: name, at: fields.at(name)) {
            return NumberField(name: name, source: .expression(expression), kind: kind)
        }
        guard let number = kind == .integer ? value.int.map(Double.init) : value.double else {
            report("Expected value of type \(kind == .integer ? "Integer" : "Number")", at: fields, field: name)
            return nil
        }
        func shown(_ bound: Double) -> String { kind == .integer ? "\(Int(bound))" : "\(bound)" }
        if number < range.lowerBound {
            report("Minimum value is \(shown(range.lowerBound))", at: fields, field: name)
        }
        if number > range.upperBound {
            report("Maximum value is \(shown(range.upperBound))", at: fields, field: name)
        }
        return NumberField(name: name, source: .constant(number), kind: kind)
    }

    // MARK: Templates

    mutating func template(_ name: String, in fields: Fields, language: QueryLanguage) -> Template? {
        guard let value = fields.object[name] else { return nil }
        return switch language {
        case .jsonPath: jsonPathTemplate(value, field: name, at: fields.at(name))
        case .jsonata: jsonataTemplate(value, field: name, at: fields.at(name))
        }
    }

    /// `Assign`: an object whose names are variables.
    ///
    /// - SeeAlso: <https://docs.aws.amazon.com/step-functions/latest/dg/workflow-variables.html>
    mutating func readAssign(_ fields: Fields, language: QueryLanguage) -> Template? {
        guard let value = fields.object["Assign"] else { return nil }
        guard let object = value.object else {
            report("Expected value of type Object", at: fields, field: "Assign")
            return nil
        }
        for name in object.names {
            let variable = language == .jsonPath && name.hasSuffix(".$") ? String(name.dropLast(2)) : name
            if !Self.isVariableName(variable) {
                report("Variable name '\(variable)' is not valid", at: fields, field: "Assign")
            }
        }
        return template("Assign", in: fields, language: language)
    }

    /// Letters, digits and underscores, not a digit first; `states` is taken.
    private static func isVariableName(_ name: String) -> Bool {
        guard name != "states", (1...80).contains(name.unicodeScalars.count), let first = name.unicodeScalars.first,
            first == "_" || first.properties.isIDStart
        else { return false }
        return name.unicodeScalars.allSatisfy { $0.properties.isIDContinue }
    }

    /// A field with one value that may be computed.
    mutating func scalarTemplate(_ name: String, in fields: Fields, language: QueryLanguage) -> Template? {
        guard let value = fields.object[name] else { return nil }
        if language == .jsonata, let expression = jsonata(value, field: name, at: fields.at(name)) {
            return .expression(expression)
        }
        return .constant(value)
    }

    /// The expression in a text `{% … %}`; nil for every other value.
    mutating func jsonata(_ value: JSON, field: String, at location: String) -> Expression? {
        guard let text = value.string, text.hasPrefix("{%"), text.hasSuffix("%}"), text.utf8.count >= 4 else {
            return nil
        }
        let inner = text.dropFirst(2).dropLast(2)
        let trimmed = inner.drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed()
        do {
            let program = try JSONataExpression(String(trimmed))
            variablesRead.formUnion(program.freeVariables.subtracting(["states"]))
            for name in program.topLevelReferences {
                diagnostics.append(
                    Diagnostic(
                        code: "UNSUPPORTED_JSONATA_EXPRESSION",
                        message: "Reference to '\(name)' at the top level is not supported.", location: location))
            }
            return Expression(source: .jsonata(program), field: field)
        } catch {
            diagnostics.append(
                Diagnostic(code: "INVALID_JSONATA_EXPRESSION", message: error.message, location: location))
            return nil
        }
    }

    private mutating func jsonataTemplate(_ value: JSON, field: String, at location: String) -> Template {
        switch value {
        case .array(let elements):
            let templates = elements.enumerated().map {
                jsonataTemplate($1, field: "\(field)[\($0)]", at: "\(location)[\($0)]")
            }
            return templates.allSatisfy(\.isConstant) ? .constant(value) : .array(templates)
        case .object(let object):
            let members = object.map {
                Template.Member(
                    name: $0.name,
                    value: jsonataTemplate($0.value, field: "\(field)/\($0.name)", at: "\(location)/\($0.name)"))
            }
            return members.allSatisfy(\.value.isConstant) ? .constant(value) : .object(members)
        default:
            return jsonata(value, field: field, at: location).map { .expression($0) } ?? .constant(value)
        }
    }

    mutating func expression(_ text: String, field: String, in fields: Fields) -> Expression? {
        guard let source = source(text) else {
            report(
                "The value for the field '\(field)' must be a valid JSONPath or a valid intrinsic function call",
                at: fields)
            return nil
        }
        return Expression(source: source, field: field)
    }

    private mutating func jsonPathTemplate(_ value: JSON, field: String, at location: String) -> Template {
        switch value {
        case .array(let elements):
            let templates = elements.enumerated().map {
                jsonPathTemplate($1, field: field, at: "\(location)[\($0)]")
            }
            return templates.allSatisfy(\.isConstant) ? .constant(value) : .array(templates)
        case .object(let object):
            var members: [Template.Member] = []
            for (name, value) in object {
                guard name.hasSuffix(".$") else {
                    let template = jsonPathTemplate(value, field: name, at: "\(location)/\(name)")
                    members.append(Template.Member(name: name, value: template))
                    continue
                }
                guard let text = value.string, let source = source(text) else {
                    diagnostics.append(
                        .schema(
                            "The value for the field '\(name)' must be a valid JSONPath or a valid intrinsic "
                                + "function call", at: location))
                    continue
                }
                members.append(
                    Template.Member(
                        name: String(name.dropLast(2)),
                        value: .expression(Expression(source: source, field: name))))
            }
            return members.allSatisfy(\.value.isConstant) ? .constant(value) : .object(members)
        default: return .constant(value)
        }
    }

    private mutating func source(_ text: String) -> Expression.Source? {
        if text.hasPrefix("$") {
            guard let path = try? JSONPath(text) else { return nil }
            note([path])
            return .path(path)
        }
        var parser = IntrinsicParser(text)
        guard let call = try? parser.parseWhole() else { return nil }
        note(call.paths)
        return .call(call)
    }

    private mutating func note(_ paths: [JSONPath]) {
        for case .variable(let name) in paths.map(\.root) { variablesRead.insert(name) }
    }
}

extension Template {
    var isConstant: Bool { if case .constant = self { true } else { false } }
}
