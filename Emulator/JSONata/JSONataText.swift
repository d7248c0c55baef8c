internal import Digest
internal import JSON
internal import URLCoding

/// Functions on strings.
extension JSONataLibrary {
    /// - Returns: nil when `name` is not a function of this family.
    static func callOnText(
        _ name: String, _ arguments: Arguments, _ evaluator: JSONataEvaluator
    ) throws(JSONataFault) -> JSONataValue? {
        switch name {
        case "string":
            return arguments[0].isUndefined
                ? .undefined
                : .string(
                    try evaluator.meter.text(
                        arguments[0], isIndented: try evaluator.meter.isTruthy(arguments[1])))
        case "join": return try join(arguments, evaluator.meter)
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
        let meter = evaluator.meter
        try meter.spend(text.utf8.count / 8)
        switch name {
        case "length": return .json(.int(text.unicodeScalars.count))
        case "uppercase": return .string(text.uppercased())
        case "lowercase": return .string(text.lowercased())
        case "trim": return .string(text.split(whereSeparator: \.isWhitespace).joined(separator: " "))
        case "base64encode": return .string(text.utf8.base64)
        case "base64decode": return .string([UInt8](base64: text).map { String(decoding: $0, as: UTF8.self) } ?? "")
        case "encodeUrlComponent", "encodeUrl":
            try meter.check(bytes: 3 * text.utf8.count)
            return .string(text.percentEncoded(keeping: name == "encodeUrl" ? keptInURL : kept))
        case "decodeUrlComponent", "decodeUrl": return .string(try percentDecoded(text, name))
        case "substring": return try substring(text, arguments)
        case "substringBefore":
            return .string(
                text.firstRange(of: try arguments.text(1) ?? "").map { String(text[..<$0.lowerBound]) } ?? text)
        case "substringAfter":
            return .string(
                text.firstRange(of: try arguments.text(1) ?? "").map { String(text[$0.upperBound...]) } ?? text)
        case "pad": return try pad(text, arguments, meter)
        case "contains":
            if case .function(.regex(let regex)) = arguments[1] {
                return .bool(try !matches(of: regex, in: text, limit: 1, meter).isEmpty)
            }
            return .bool(text.contains(try arguments.text(1) ?? ""))
        case "split": return try split(text, arguments, meter)
        case "match": return try matchAll(text, arguments, meter)
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

    private static func substring(_ text: String, _ arguments: Arguments) throws(JSONataFault) -> JSONataValue {
        let scalars = Array(text.unicodeScalars)
        let start = Int(clamping: try arguments.number(1) ?? 0)
        let lower = max(0, start < 0 ? max(0, scalars.count + start) : start)
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

    private static func pad(_ text: String, _ arguments: Arguments, _ meter: JSONataMeter) throws(JSONataFault)
        -> JSONataValue
    {
        let width = Int(clamping: try arguments.number(1) ?? 0)
        let given = try arguments.text(2) ?? " "
        let filler = Array((given.isEmpty ? " " : given).unicodeScalars)
        let missing = max(width, width == .min ? .max : -width) - text.unicodeScalars.count
        guard missing > 0 else { return .string(text) }
        try meter.check(bytes: missing)
        var padding = String.UnicodeScalarView()
        for position in 0..<missing { padding.append(filler[position % filler.count]) }
        return .string(width < 0 ? String(padding) + text : text + String(padding))
    }

    private static func join(_ arguments: Arguments, _ meter: JSONataMeter) throws(JSONataFault) -> JSONataValue {
        if arguments[0].isUndefined { return .undefined }
        var parts: [String] = []
        for element in arguments[0].asElements {
            guard let text = element.string else {
                throw JSONataFault("T0412", "Argument 1 of function \"join\" must be an array of \"strings\"")
            }
            parts.append(text)
        }
        let separator = try arguments.text(1) ?? ""
        try meter.spend(parts.count)
        let (bytes, overflow) = separator.utf8.count.multipliedReportingOverflow(by: parts.count)
        try meter.check(bytes: overflow ? .max : parts.reduce(bytes) { $0 + $1.utf8.count })
        return .string(parts.joined(separator: separator))
    }

    private static func split(_ text: String, _ arguments: Arguments, _ meter: JSONataMeter) throws(JSONataFault)
        -> JSONataValue
    {
        let limit = try arguments.number(2).map { Int(clamping: $0) }
        if let limit, limit < 0 {
            throw JSONataFault("D3020", "Third argument of split function must evaluate to a positive number")
        }
        var parts: [String] = []
        if case .function(.regex(let regex)) = arguments[1] {
            let scalars = Array(text.unicodeScalars)
            var start = 0
            for match in try matches(of: regex, in: text, limit: limit, meter) {
                parts.append(String(scalars[start..<match.range.lowerBound]))
                start = match.range.upperBound
            }
            parts.append(String(scalars[start...]))
        } else {
            let separator = try arguments.text(1) ?? ""
            try meter.spend(text.utf8.count)
            parts =
                separator.isEmpty
                ? text.map { String($0) }
                : text.split(separator: separator, omittingEmptySubsequences: false).map { String($0) }
        }
        return .list(try JSONataList(parts.prefix(limit ?? parts.count).map { .string($0) }, meter))
    }

    // MARK: Regular expressions

    struct Match {
        let text: String
        /// In characters of the text searched.
        let range: Range<Int>
        /// The text of each group; empty for a group that took no part.
        let groups: [String]
    }

    /// - Parameter limit: how many matches are wanted at most; nil for all.
    static func matches(
        of regex: JSONataRegex, in text: String, limit: Int? = nil, _ meter: JSONataMeter
    ) throws(JSONataFault) -> [Match] {
        let scalars = Array(text.unicodeScalars)
        let values = scalars.map(\.value)
        let matcher = RegexMatcher(regex.compiled.program)
        var found: [Match] = []
        var start = 0
        while found.count < limit ?? Int.max {
            let slots = try matcher.firstMatch(in: values, from: start) { (threads) throws(JSONataFault) in
                try meter.spend(threads)
            }
            guard let slots else { break }
            guard slots[1] > slots[0] else {
                throw JSONataFault("D1004", "Regular expression matches zero length string")
            }
            let groups = stride(from: 2, to: slots.count, by: 2).map { slot in
                slots[slot] < 0 || slots[slot + 1] < 0 ? "" : String(scalars[slots[slot]..<slots[slot + 1]])
            }
            let match = Match(text: String(scalars[slots[0]..<slots[1]]), range: slots[0]..<slots[1], groups: groups)
            try meter.check(bytes: 64 * (found.count + 1))
            found.append(match)
            start = slots[1]
        }
        return found
    }

    /// A regular expression called as a function: the first match, or nothing.
    static func match(
        _ value: JSONataValue, _ regex: JSONataRegex, _ evaluator: JSONataEvaluator
    ) throws(JSONataFault) -> JSONataValue {
        guard let text = value.string,
            let first = try matches(of: regex, in: text, limit: 1, evaluator.meter).first
        else { return .undefined }
        return .json(description(of: first, in: Array(text.unicodeScalars)))
    }

    /// The place of a match counts UTF-16 code units, as in JavaScript and Java.
    private static func description(of match: Match, in text: [Unicode.Scalar]) -> JSON {
        [
            "match": .string(match.text),
            "index": .int(text[..<match.range.lowerBound].reduce(0) { $0 + ($1.value > 0xFFFF ? 2 : 1) }),
            "groups": .array(match.groups.map { .string($0) }),
        ]
    }

    private static func matchAll(
        _ text: String, _ arguments: Arguments, _ meter: JSONataMeter
    ) throws(JSONataFault) -> JSONataValue {
        guard case .function(.regex(let regex)) = arguments[1] else { throw arguments.mismatch(1) }
        let limit = try arguments.number(2).map { Int(clamping: $0) }
        if let limit, limit < 0 {
            throw JSONataFault("D3040", "Third argument of match function must evaluate to a positive number")
        }
        let scalars = Array(text.unicodeScalars)
        var items: [JSONataValue] = []
        for match in try matches(of: regex, in: text, limit: limit, meter) {
            try meter.spend(match.range.lowerBound / 16)
            items.append(.json(description(of: match, in: scalars)))
        }
        return try JSONataList(items, isSequence: true, meter).collapsed
    }

    private static func replace(
        _ text: String, _ arguments: Arguments, _ evaluator: JSONataEvaluator
    ) throws(JSONataFault) -> JSONataValue {
        let meter = evaluator.meter
        let limit = try arguments.number(3).map { Int(clamping: $0) }
        if let limit, limit < 0 {
            throw JSONataFault("D3011", "Fourth argument of replace function must evaluate to a positive number")
        }
        guard case .function(.regex(let regex)) = arguments[1] else {
            return try replacePlain(text, arguments, limit, meter)
        }
        var result = String.UnicodeScalarView()
        var size = 0
        func append(_ scalars: some Sequence<Unicode.Scalar>) throws(JSONataFault) {
            result.append(contentsOf: scalars)
            size += scalars.underestimatedCount
            try meter.check(bytes: size)
        }
        let scalars = Array(text.unicodeScalars)
        var start = 0
        for match in try matches(of: regex, in: text, limit: limit, meter) {
            try append(scalars[start..<match.range.lowerBound])
            if let function = arguments[2].function {
                let replacement = try evaluator.invoke(function, [.json(description(of: match, in: scalars))])
                guard let replacement = replacement.string else {
                    throw JSONataFault("D3012", "Attempted to replace a matched string with a non-string value")
                }
                try append(Array(replacement.unicodeScalars))
            } else {
                try append(Array(expanded(try arguments.text(2) ?? "", match).unicodeScalars))
            }
            start = match.range.upperBound
        }
        try append(scalars[start...])
        return .string(String(result))
    }

    private static func replacePlain(
        _ text: String, _ arguments: Arguments, _ limit: Int?, _ meter: JSONataMeter
    ) throws(JSONataFault) -> JSONataValue {
        let pattern = try arguments.text(1) ?? ""
        guard !pattern.isEmpty else {
            throw JSONataFault("D3010", "Second argument of replace function cannot be an empty string")
        }
        let replacement = try arguments.text(2) ?? ""
        try meter.spend(text.utf8.count)
        let count = min(limit ?? .max, text.ranges(of: pattern).count)
        let (added, overflow) = count.multipliedReportingOverflow(by: replacement.utf8.count)
        try meter.check(bytes: overflow ? .max : text.utf8.count + added)
        return .string(text.replacing(pattern, with: replacement, maxReplacements: limit ?? .max))
    }

    /// `$1` becomes the first group, `$0` the match, `$$` a dollar sign.
    ///
    /// A number names as many digits as there are groups for: with nine groups, `$12` is the first and a `2`.
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
            } else if next == "0" {
                rest.removeFirst()
                result += match.text
            } else if next.isASCII, next.isNumber {
                var digits = String(rest.prefix(String(match.groups.count).count).prefix { $0.isASCII && $0.isNumber })
                while digits.count > 1, Int(digits) ?? 0 > match.groups.count { digits.removeLast() }
                rest.removeFirst(digits.count)
                let number = Int(digits) ?? 0
                if number <= match.groups.count { result += match.groups[number - 1] }
            } else {
                result.append("$")
            }
        }
        return result
    }

    // MARK: URLs

    /// What ECMAScript's `encodeURIComponent` keeps.
    private static let kept = URLByteSet.unreserved.adding("!*'()")
    /// What ECMAScript's `encodeURI` keeps.
    private static let keptInURL = kept.adding(";/?:@&=+$,#")

    private static func percentDecoded(_ text: String, _ function: String) throws(JSONataFault) -> String {
        guard let decoded = String(percentDecoding: text) else {
            throw JSONataFault("D3140", "Malformed URL passed to $\(function)(): \(text)")
        }
        return decoded
    }
}

extension String {
    fileprivate init(_ scalars: some Sequence<Unicode.Scalar>) {
        var view = UnicodeScalarView()
        view.append(contentsOf: scalars)
        self.init(view)
    }
}
