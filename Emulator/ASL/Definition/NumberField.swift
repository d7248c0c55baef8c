internal import JSON

/// A number in a definition, or the path to one.
struct NumberField: Sendable, Equatable {
    enum Source: Sendable, Equatable {
        case constant(Double)
        case path(JSONPath)
        case expression(Expression)
    }

    enum Kind: Sendable, Equatable {
        case integer
        case float
    }

    /// The field as written, with `Path` where it is one.
    let name: String
    let source: Source
    let kind: Kind

    /// A number that counts something: seconds, or items of a batch.
    /// - Throws: a fault also for a number below one.
    func count(in scope: inout Scope) throws(ASLFault) -> Int? {
        guard let count = try integer(in: &scope) else { return nil }
        guard count < 1 else { return count }
        switch source {
        case .expression(let expression):
            throw .unexpectedResult(.int(count), of: expression, expected: "positive integer")
        case .path(let path):
            throw .runtime(
                "The \(name) field refers to value \"\(count)\" which is not a valid positive integer: \(path.text)")
        case .constant: return count
        }
    }

    /// The value as the nearest integer that fits.
    func integer(in scope: inout Scope) throws(ASLFault) -> Int? { try value(in: &scope).map { Int(clamping: $0) } }

    /// - Throws: States.Runtime when the path leads nowhere or to something else than such a number.
    func value(in scope: inout Scope) throws(ASLFault) -> Double? {
        switch source {
        case .constant(let value): return value
        case .expression(let expression):
            let value = try expression.evaluate(in: &scope)
            guard let number = kind == .integer ? value.int.map(Double.init) : value.double else {
                throw .unexpectedResult(value, of: expression, expected: kind == .integer ? "integer" : "number")
            }
            return number
        case .path(let path):
            let value: JSON
            do {
                value = try scope.value(at: path)
            } catch {
                throw .runtime("Invalid path '\(path.text)' : \(error.message)")
            }
            // Variables and inputs may hold the number as text.
            let text = value.number?.text ?? value.string ?? ""
            let number = kind == .integer ? Int(text).map(Double.init) : Double(text)
            guard let number else {
                throw .runtime(
                    "The \(name) field refers to value \"\(value.plainText)\" which is not a valid "
                        + "\(kind == .integer ? "integer" : "float"): \(path.text)")
            }
            return number
        }
    }
}

extension DefinitionReader {
    /// Fields without a documented maximum.
    static let unlimited = 9_007_199_254_740_991.0
}
