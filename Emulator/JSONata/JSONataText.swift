internal import Digest
internal import JSON

/// Functions on strings.
extension JSONataLibrary {
    /// - Returns: nil when `name` is no function of this family.
    static func callOnText(
        _ name: String, _ arguments: Arguments, _ evaluator: JSONataEvaluator
    ) throws(JSONataFault) -> JSONataValue? {
        switch name {
        case "string":
            return arguments[0].isUndefined
                ? .undefined : .string(try text(of: arguments[0], indented: arguments[1].isTruthy))
        case "join": return try join(arguments)
        case "length", "uppercase", "lowercase", "trim", "base64encode", "base64decode", "encodeUrlComponent",
            "encodeUrl", "decodeUrlComponent", "decodeUrl", "substring", "substringBefore", "substringAfter", "pad",
            "contains", "split", "match", "replace", "hash", "parse":
            guard let text = try arguments.text(0) else { return .undefined }
            return try callOn(text, name, arguments, evaluator)
        default: return nil
        }
    }

    private static func callOn(
        _ text: String, _ name: String, _ arguments: Arguments, _ evaluator: JSONataEvaluator
    ) throws(JSONataFault) -> JSONataValue {
        switch name {
        case "length": return .json(.int(text.unicodeScalars.count))
        case "uppercase": return .string(text.uppercased())
        case "lowercase": return .string(text.lowercased())
        case "trim": return .string(text.split(whereSeparator: \.isWhitespace).joined(separator: " "))
        case "base64encode": return .string(text.utf8.base64)
        case "base64decode": return .string([UInt8](base64: text).map { String(decoding: $0, as: UTF8.self) } ?? "")
        case "encodeUrlComponent": return .string(percentEncoded(text, keeping: "-_.!~*'()"))
        case "encodeUrl": return .string(percentEncoded(text, keeping: "-_.!~*'();/?:@&=+$,#"))
        case "decodeUrlComponent", "decodeUrl": return .string(percentDecoded(text))
        case "substring": return try substring(text, arguments)
        case "substringBefore":
            return .string(
                text.firstRange(of: try arguments.text(1) ?? "").map { String(text[..<$0.lowerBound]) } ?? text)
        case "substringAfter":
            return .string(
                text.firstRange(of: try arguments.text(1) ?? "").map { String(text[$0.upperBound...]) } ?? text)
        case "pad": return try pad(text, arguments)
        case "contains":
            if case .function(.regex(let regex)) = arguments[1] {
                return .bool(try !matches(of: regex, in: text).isEmpty)
            }
            return .bool(text.contains(try arguments.text(1) ?? ""))
        case "split": return try split(text, arguments)
        case "match": return try matchAll(text, arguments)
        case "replace": return try replace(text, arguments, evaluator)
        case "parse":
            do {
                let value = try JSON(parsing: text)
                return .json(value.number?.text == "-0" ? 0 : value)
            } catch {
                throw JSONataFault("D3120", "Syntax error in expression passed to function parse: \(error.reason)")
            }
        default:
            let algorithms: [String: HashFunction] = [
                "MD5": .md5, "SHA-1": .sha1, "SHA-256": .sha256, "SHA-384": .sha384, "SHA-512": .sha512,
            ]
            guard let function = algorithms[try arguments.text(1) ?? ""] else { throw arguments.mismatch(1) }
            return .string(Digest.hash(Array(text.utf8), with: function).hexadecimal)
        }
    }

    /// A value as `$string` writes it: text stays, functions are empty.
    static func text(of value: JSONataValue, indented: Bool = false) throws(JSONataFault) -> String {
        if let text = value.string { return text }
        guard let json = value.json else { return "" }
        return indented ? json.indentedText : json.text
    }

    private static func substring(_ text: String, _ arguments: Arguments) throws(JSONataFault) -> JSONataValue {
        let scalars = Array(text.unicodeScalars)
        let start = Int(try arguments.number(1) ?? 0)
        let lower = max(0, start < 0 ? scalars.count + start : start)
        guard lower < scalars.count else { return .string("") }
        var upper = scalars.count
        if let length = try arguments.number(2) {
            guard length > 0 else { return .string("") }
            upper = min(upper, lower + Int(min(length, 1e9)))
        }
        var result = String.UnicodeScalarView()
        result.append(contentsOf: scalars[lower..<upper])
        return .string(String(result))
    }

    private static func pad(_ text: String, _ arguments: Arguments) throws(JSONataFault) -> JSONataValue {
        let width = Int(try arguments.number(1) ?? 0)
        let given = try arguments.text(2) ?? " "
        let filler = Array((given.isEmpty ? " " : given).unicodeScalars)
        let missing = abs(width) - text.unicodeScalars.count
        guard missing > 0 else { return .string(text) }
        var padding = String.UnicodeScalarView()
        for position in 0..<missing { padding.append(filler[position % filler.count]) }
        return .string(width < 0 ? String(padding) + text : text + String(padding))
    }

    private static func join(_ arguments: Arguments) throws(JSONataFault) -> JSONataValue {
        if arguments[0].isUndefined { return .undefined }
        var parts: [String] = []
        for element in arguments[0].asElements {
            guard let text = element.string else {
                throw JSONataFault("T0412", "Argument 1 of function \"join\" must be an array of \"string\"")
            }
            parts.append(text)
        }
        return .string(parts.joined(separator: try arguments.text(1) ?? ""))
    }

    private static func split(_ text: String, _ arguments: Arguments) throws(JSONataFault) -> JSONataValue {
        let limit = try arguments.number(2).map { Int($0) }
        if let limit, limit < 0 {
            throw JSONataFault("D3020", "Third argument of split function must evaluate to a positive number")
        }
        var parts: [String] = []
        if case .function(.regex(let regex)) = arguments[1] {
            var start = text.startIndex
            for match in try matches(of: regex, in: text) {
                parts.append(String(text[start..<match.range.lowerBound]))
                start = match.range.upperBound
            }
            parts.append(String(text[start...]))
        } else {
            let separator = try arguments.text(1) ?? ""
            parts =
                separator.isEmpty
                ? text.map { String($0) }
                : text.split(separator: separator, omittingEmptySubsequences: false).map { String($0) }
        }
        return .array(parts.prefix(limit ?? parts.count).map { .string($0) })
    }

    // MARK: Regular expressions

    struct Match {
        let text: String
        let range: Range<String.Index>
        let groups: [String]
    }

    static func matches(of regex: JSONataRegex, in text: String) throws(JSONataFault) -> [Match] {
        do {
            let expression = try Regex(regex.pattern).ignoresCase(regex.ignoresCase)
                .anchorsMatchLineEndings(regex.isMultiline)
            return text.matches(of: expression).map { match in
                Match(
                    text: String(text[match.range]), range: match.range,
                    groups: match.output.dropFirst().map { $0.substring.map { String($0) } ?? "" })
            }
        } catch {
            throw JSONataFault("S0302", "The regular expression /\(regex.pattern)/ cannot be read")
        }
    }

    /// A regular expression called as a function: the first match, or nothing.
    static func match(_ value: JSONataValue, _ regex: JSONataRegex) throws(JSONataFault) -> JSONataValue {
        guard let text = value.string, let first = try matches(of: regex, in: text).first else { return .undefined }
        return .json(description(of: first, in: text))
    }

    private static func description(of match: Match, in text: String) -> JSON {
        [
            "match": .string(match.text),
            "index": .int(text.utf16.distance(from: text.startIndex, to: match.range.lowerBound)),
            "groups": .array(match.groups.map { .string($0) }),
        ]
    }

    private static func matchAll(_ text: String, _ arguments: Arguments) throws(JSONataFault) -> JSONataValue {
        guard case .function(.regex(let regex)) = arguments[1] else { throw arguments.mismatch(1) }
        let found = try matches(of: regex, in: text)
        let limit = try arguments.number(2).map { Int($0) } ?? found.count
        let items = found.prefix(max(0, limit)).map { JSONataValue.json(description(of: $0, in: text)) }
        return JSONataList(items: items, isSequence: true).collapsed
    }

    private static func replace(
        _ text: String, _ arguments: Arguments, _ evaluator: JSONataEvaluator
    ) throws(JSONataFault) -> JSONataValue {
        let limit = try arguments.number(3).map { Int($0) } ?? Int.max
        guard limit >= 0 else {
            throw JSONataFault("D3011", "Fourth argument of replace function must evaluate to a positive number")
        }
        guard case .function(.regex(let regex)) = arguments[1] else {
            let pattern = try arguments.text(1) ?? ""
            guard !pattern.isEmpty else {
                throw JSONataFault("D3010", "Second argument of replace function cannot be an empty string")
            }
            return .string(text.replacing(pattern, with: try arguments.text(2) ?? "", maxReplacements: limit))
        }
        var result = ""
        var start = text.startIndex
        for match in try matches(of: regex, in: text).prefix(limit) {
            result += text[start..<match.range.lowerBound]
            if let function = arguments[2].function {
                let replacement = try evaluator.invoke(function, [.json(description(of: match, in: text))])
                guard let replacement = replacement.string else {
                    throw JSONataFault("D3012", "Attempted to replace a matched string with a non-string value")
                }
                result += replacement
            } else {
                result += expanded(try arguments.text(2) ?? "", match)
            }
            start = match.range.upperBound
        }
        return .string(result + text[start...])
    }

    /// `$1` becomes the first group, `$0` the match, `$$` a dollar sign.
    private static func expanded(_ template: String, _ match: Match) -> String {
        var result = ""
        var rest = Array(template)[...]
        while let character = rest.popFirst() {
            guard character == "$", let next = rest.first else {
                result.append(character)
                continue
            }
            if next == "$" {
                rest.removeFirst()
                result.append("$")
            } else if let digit = next.wholeNumberValue {
                rest.removeFirst()
                result += digit == 0 ? match.text : digit <= match.groups.count ? match.groups[digit - 1] : ""
            } else {
                result.append("$")
            }
        }
        return result
    }

    // MARK: URLs

    private static func percentEncoded(_ text: String, keeping kept: String) -> String {
        var result = ""
        for byte in text.utf8 {
            let scalar = Unicode.Scalar(byte)
            if byte < 0x80,
                scalar.properties.isAlphabetic || (0x30...0x39).contains(byte) || kept.unicodeScalars.contains(scalar)
            {
                result.unicodeScalars.append(scalar)
            } else {
                let digits = String(byte, radix: 16, uppercase: true)
                result += "%" + (digits.count == 1 ? "0" : "") + digits
            }
        }
        return result
    }

    private static func percentDecoded(_ text: String) -> String {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%"), rest.count >= 2,
                let decoded = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
            {
                bytes.append(decoded)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
