internal import JSON
internal import Time

/// The functions of JSONata, and those that Step Functions adds.
///
/// - SeeAlso: <https://docs.jsonata.org/string-functions>,
///   <https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html>
enum JSONataLibrary {
    struct BuiltIn: Sendable {
        /// How many arguments a higher-order function passes at most.
        let parameterCount: Int
        let signature: JSONataSignature

        func invoke(
            _ name: String, _ arguments: [JSONataValue], context: JSONataValue, by evaluator: JSONataEvaluator
        ) throws(JSONataFault) -> JSONataValue {
            try evaluator.meter.spend(4)
            let arguments = try signature.checked(arguments, of: name, context: context)
            return try JSONataLibrary.call(name, Arguments(name: name, values: arguments), evaluator)
        }
    }

    static let functions: [String: BuiltIn] = {
        var functions: [String: BuiltIn] = [:]
        func add(_ names: String, _ signature: String, _ parameterCount: Int) {
            guard let signature = try? JSONataSignature(signature) else { return }
            for name in names.split(separator: " ") {
                functions[String(name)] = BuiltIn(parameterCount: parameterCount, signature: signature)
            }
        }
        // Those of the reference, whose implementation has as many parameters.
        add("string", "x-b?:s", 1)
        add("lowercase uppercase trim base64encode base64decode", "s-:s", 1)
        add("encodeUrlComponent encodeUrl decodeUrlComponent decodeUrl", "s-:s", 1)
        add("length", "s-:n", 1)
        add("substring", "s-nn?:s", 3)
        add("substringBefore substringAfter", "s-s:s", 2)
        add("pad", "s-ns?:s", 3)
        add("match", "s-f<s:o>n?:a<o>", 3)
        add("contains", "s-(sf):b", 2)
        add("replace", "s-(sf)(sf)n?:s", 4)
        add("split", "s-(sf)n?:a<s>", 3)
        add("join", "a<s>s?:s", 2)
        add("formatNumber", "n-so?:s", 3)
        add("formatBase", "n-n?:s", 2)
        add("formatInteger", "n-s:s", 2)
        add("parseInteger", "s-s:n", 2)
        add("number", "(nsb)-:n", 1)
        add("floor ceil abs sqrt", "n-:n", 1)
        add("round", "n-n?:n", 2)
        add("power", "n-n:n", 2)
        add("sum max min average", "a<n>:n", 1)
        add("count", "a:n", 1)
        add("boolean not", "x-:b", 1)
        add("exists", "x:b", 1)
        add("keys", "x-:a<s>", 1)
        add("spread", "x-:a<o>", 1)
        add("lookup", "x-s:x", 2)
        add("merge", "a<o>:o", 1)
        add("sift", "o-f?:o", 2)
        add("each", "o-f:a", 2)
        add("append", "xx:a", 2)
        add("reverse shuffle", "a:a", 1)
        add("distinct", "x:x", 1)
        add("sort", "af?:a", 2)
        add("map filter", "af", 2)
        add("single", "af?", 2)
        add("reduce", "afj?:j", 3)
        add("zip", "a+", 0)
        add("type", "x:s", 1)
        add("error", "s?:x", 1)
        add("assert", "bs?:x", 2)
        add("now", "s?s?:s", 2)
        add("millis", ":n", 0)
        add("fromMillis", "n-s?s?:s", 3)
        add("toMillis", "s-s?:n", 2)
        add("clone", "(oa)-:o", 1)
        // Those of Step Functions.
        add("partition", "an:a<a>", 2)
        add("range", "nnn:a<n>", 3)
        add("hash", "xs:s", 2)
        add("parse", "s:x", 1)
        add("random", "n?:n", 1)
        add("uuid", ":s", 0)
        return functions
    }()

    /// What a function was called with.
    struct Arguments {
        let name: String
        let values: [JSONataValue]

        subscript(position: Int) -> JSONataValue { position < values.count ? values[position] : .undefined }

        func mismatch(_ position: Int) -> JSONataFault {
            JSONataSignature.mismatch(position, name)
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
