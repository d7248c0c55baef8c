internal import JSON
internal import Time

/// The functions of JSONata, and those that Step Functions adds.
///
/// - SeeAlso: <https://docs.jsonata.org/string-functions>,
///   <https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html>
enum JSONataLibrary {
    struct BuiltIn: Sendable {
        let arity: ClosedRange<Int>
        /// Whether a missing first argument is the context.
        let takesContext: Bool

        func invoke(
            _ name: String, _ arguments: [JSONataValue], context: JSONataValue, by evaluator: JSONataEvaluator
        ) throws(JSONataFault) -> JSONataValue {
            var arguments = arguments
            if takesContext, arguments.count < arity.lowerBound { arguments.insert(context, at: 0) }
            guard arity.contains(arguments.count) else {
                throw JSONataFault(
                    "T0410", "Argument \(arguments.count) of function \"\(name)\" does not match function signature")
            }
            try evaluator.meter.spend(4)
            return try JSONataLibrary.call(name, Arguments(name: name, values: arguments), evaluator)
        }
    }

    static let functions: [String: BuiltIn] = {
        var functions: [String: BuiltIn] = [:]
        func add(_ names: String, _ arity: ClosedRange<Int>, context: Bool = false) {
            for name in names.split(separator: " ") {
                functions[String(name)] = BuiltIn(arity: arity, takesContext: context)
            }
        }
        add("string", 1...2, context: true)
        add("length uppercase lowercase trim base64encode base64decode", 1...1, context: true)
        add("encodeUrlComponent encodeUrl decodeUrlComponent decodeUrl", 1...1, context: true)
        add("substringBefore substringAfter contains", 2...2, context: true)
        add("substring pad split match", 2...3, context: true)
        add("replace", 3...4, context: true)
        add("join", 1...2)
        add("number abs floor ceil sqrt boolean not keys spread", 1...1, context: true)
        add("round formatBase", 1...2, context: true)
        add("power", 2...2, context: true)
        add("sum max min average count exists reverse shuffle distinct merge type parse", 1...1)
        add("append lookup partition hash", 2...2)
        add("sort single", 1...2)
        add("map filter", 2...2)
        add("each sift", 1...2)
        add("reduce", 2...3)
        add("zip", 1...64)
        add("range", 3...3)
        add("random", 0...1)
        add("uuid millis", 0...0)
        add("now", 0...2)
        add("fromMillis", 1...3, context: true)
        add("toMillis", 1...2, context: true)
        add("formatNumber", 2...3, context: true)
        add("formatInteger parseInteger", 2...2, context: true)
        add("error", 0...1)
        add("assert", 1...2)
        return functions
    }()

    /// What a function was called with.
    struct Arguments {
        let name: String
        let values: [JSONataValue]

        subscript(position: Int) -> JSONataValue { position < values.count ? values[position] : .undefined }

        func mismatch(_ position: Int) -> JSONataFault {
            JSONataFault("T0410", "Argument \(position + 1) of function \"\(name)\" does not match function signature")
        }

        /// The text at a position; nil when nothing is there.
        func text(_ position: Int) throws(JSONataFault) -> String? {
            if self[position].isUndefined { return nil }
            guard let text = self[position].string else { throw mismatch(position) }
            return text
        }

        func number(_ position: Int) throws(JSONataFault) -> Double? {
            if self[position].isUndefined { return nil }
            guard let number = self[position].number else { throw mismatch(position) }
            return number
        }

        func function(_ position: Int) throws(JSONataFault) -> JSONataFunction {
            guard let function = self[position].function else { throw mismatch(position) }
            return function
        }
    }

    private static func call(
        _ name: String, _ arguments: Arguments, _ evaluator: JSONataEvaluator
    ) throws(JSONataFault) -> JSONataValue {
        if let value = try callOnText(name, arguments, evaluator) { return value }
        if let value = try callOnNumbers(name, arguments, evaluator) { return value }
        if let value = try callOnArrays(name, arguments, evaluator) { return value }
        if let value = try callOnObjects(name, arguments, evaluator) { return value }
        return try callOther(name, arguments, evaluator)
    }

    private static func callOther(
        _ name: String, _ arguments: Arguments, _ evaluator: JSONataEvaluator
    ) throws(JSONataFault) -> JSONataValue {
        let first = arguments[0]
        switch name {
        case "boolean": return first.isUndefined ? .undefined : .bool(try evaluator.meter.isTruthy(first))
        case "not": return first.isUndefined ? .undefined : .bool(try !evaluator.meter.isTruthy(first))
        case "exists": return .bool(!first.isUndefined)
        case "uuid": return .string(evaluator.random.uuid())
        case "now":
            return .string(try date(evaluator.now, picture: try arguments.text(0), zone: try arguments.text(1)))
        case "millis": return .json(.int(evaluator.now))
        case "fromMillis":
            guard let milliseconds = try arguments.number(0) else { return .undefined }
            return .string(
                try date(
                    Int64(Int(clamping: milliseconds)), picture: try arguments.text(1), zone: try arguments.text(2)))
        case "toMillis": return try milliseconds(arguments, evaluator)
        case "error": throw JSONataFault("D3137", try arguments.text(0) ?? "$error() function evaluated")
        case "assert":
            guard try evaluator.meter.isTruthy(first) else {
                throw JSONataFault("D3141", try arguments.text(1) ?? "$assert() statement failed")
            }
            return .undefined
        default: throw JSONataFault("T1006", "Attempted to invoke a non-function")
        }
    }

    private static func date(_ milliseconds: Int64, picture: String?, zone: String?) throws(JSONataFault) -> String {
        guard let picture else { return try DatePicture.iso8601().format(milliseconds: milliseconds, zone: zone) }
        return try DatePicture(picture).format(milliseconds: milliseconds, zone: zone)
    }

    private static func milliseconds(
        _ arguments: Arguments, _ evaluator: JSONataEvaluator
    ) throws(JSONataFault) -> JSONataValue {
        guard let text = try arguments.text(0) else { return .undefined }
        if let picture = try arguments.text(1) {
            try evaluator.meter.spend(text.utf8.count * 16)
            return try DatePicture(picture).parse(text, now: evaluator.now).map { .json(.int($0)) } ?? .undefined
        }
        guard let milliseconds = ISODate(text)?.milliseconds else {
            throw JSONataFault(
                "D3110",
                "The argument of the toMillis function must be an ISO 8601 formatted timestamp. Given \"\(text)\"")
        }
        return .json(.int(milliseconds))
    }

    /// Merge sort, because the order of equals must stay and the comparison may throw.
    static func stablySorted<Element>(
        _ elements: [Element], _ precedes: (Element, Element) throws(JSONataFault) -> Bool
    ) throws(JSONataFault) -> [Element] {
        guard elements.count > 1 else { return elements }
        let middle = elements.count / 2
        var left = try stablySorted(Array(elements[..<middle]), precedes)[...]
        var right = try stablySorted(Array(elements[middle...]), precedes)[...]
        var merged: [Element] = []
        merged.reserveCapacity(elements.count)
        while let first = left.first, let second = right.first {
            if try precedes(second, first) {
                merged.append(second)
                right.removeFirst()
            } else {
                merged.append(first)
                left.removeFirst()
            }
        }
        return merged + left + right
    }
}
