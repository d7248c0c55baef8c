internal import Digest
internal import JSON
internal import JSONata
internal import Time

/// Why a function refuses its arguments.
struct IntrinsicFault: Error, Sendable, Equatable {
    let reason: String
}

extension IntrinsicFunction {
    /// The value of the function for `arguments`, whose number the parser has checked.
    func apply(to arguments: [JSON], random: inout RandomSource) throws(IntrinsicFault) -> JSON {
        switch self {
        case .array: return .array(arguments)
        case .uuid: return .string(random.uuid())
        case .format: return .string(try Self.format(arguments))
        case .arrayPartition, .arrayContains, .arrayRange, .arrayGetItem, .arrayLength, .arrayUnique:
            return try applyToArray(arguments)
        case .mathAdd:
            return .int(try Self.rounded(arguments[0]) &+ Self.rounded(arguments[1]))
        case .mathRandom: return try Self.mathRandom(arguments, &random)
        default: return try applyToText(arguments)
        }
    }

    private func applyToArray(_ arguments: [JSON]) throws(IntrinsicFault) -> JSON {
        if self == .arrayRange { return try Self.range(arguments) }
        guard case .array(let elements) = arguments[0] else {
            throw IntrinsicFault(reason: "Invalid arguments: the first argument must be an array")
        }
        switch self {
        case .arrayContains: return .bool(elements.contains { $0.isEquivalent(to: arguments[1]) })
        case .arrayLength: return .int(elements.count)
        case .arrayUnique:
            return .array(Self.unique(elements))
        case .arrayGetItem:
            let index = try Self.rounded(arguments[1])
            guard elements.indices.contains(index) else {
                throw IntrinsicFault(reason: "Index \(index) is out of bounds for an array of \(elements.count)")
            }
            return elements[index]
        default:
            let size = try Self.rounded(arguments[1])
            guard size > 0 else { throw IntrinsicFault(reason: "The chunk size must be a positive number") }
            return .array(
                stride(from: 0, to: elements.count, by: size).map {
                    .array(Array(elements[$0..<min($0 + size, elements.count)]))
                })
        }
    }

    private func applyToText(_ arguments: [JSON]) throws(IntrinsicFault) -> JSON {
        switch self {
        case .jsonToString: return .string(arguments[0].text)
        case .jsonMerge:
            guard case .object(var merged) = arguments[0], case .object(let other) = arguments[1] else {
                throw IntrinsicFault(reason: "Invalid arguments: both values to merge must be objects")
            }
            guard arguments[2].bool == false else {
                throw IntrinsicFault(reason: "Deep merge is not supported: the third argument must be false")
            }
            for (name, value) in other { merged[name] = value }
            return .object(merged)
        default: break
        }
        guard let text = arguments[0].string else {
            throw IntrinsicFault(reason: "Invalid arguments: the first argument must be a string")
        }
        let isLimited = self == .base64Encode || self == .base64Decode || self == .hash
        guard !isLimited || text.utf16.count <= Self.longestText else {
            throw IntrinsicFault(reason: "Invalid arguments: a text has at most \(Self.longestText) characters here")
        }
        switch self {
        case .base64Encode: return .string(text.utf8.base64)
        case .base64Decode:
            // Java decodes a text without its padding, too.
            let padding = String(repeating: "=", count: (4 - text.utf8.count % 4) % 4)
            guard let bytes = [UInt8](base64: text + padding) else {
                throw IntrinsicFault(reason: "Invalid Base64 text")
            }
            return .string(String(decoding: bytes, as: UTF8.self))
        case .stringToJSON: return try Self.parse(text)
        case .hash: return try Self.hash(text, algorithm: arguments[1].string)
        default: return try Self.split(text, separators: arguments[1].string)
        }
    }

    /// The characters of a text that is encoded, decoded or hashed.
    /// - SeeAlso: <https://docs.aws.amazon.com/step-functions/latest/dg/intrinsic-functions.html>
    private static let longestText = 10_000

    /// The first of each group of equals.
    private static func unique(_ elements: [JSON]) -> [JSON] {
        var known: Set<JSON> = []
        return elements.filter { known.insert($0.withPlainNumbers).inserted }
    }

    /// Rounds half up, as Java's `Math.round` does: 1.5 is 2, -1.5 is -1.
    private static func rounded(_ value: JSON) throws(IntrinsicFault) -> Int {
        if let integer = value.int { return integer }
        guard let number = value.double, number.magnitude < 9e18 else {
            throw IntrinsicFault(reason: "Invalid arguments: '\(value.text)' is not a number")
        }
        return Int((number + 0.5).rounded(.down))
    }

    private static func range(_ arguments: [JSON]) throws(IntrinsicFault) -> JSON {
        let (first, last, step) = (try rounded(arguments[0]), try rounded(arguments[1]), try rounded(arguments[2]))
        guard step != 0 else { throw IntrinsicFault(reason: "The step of a range must not be zero") }
        guard (Double(last) - Double(first)) / Double(step) < 1000 else {
            throw IntrinsicFault(reason: "A range has at most 1000 elements")
        }
        return .array(stride(from: first, through: last, by: step).map { .int($0) })
    }

    private static func mathRandom(_ arguments: [JSON], _ random: inout RandomSource) throws(IntrinsicFault) -> JSON {
        let (start, end) = (try rounded(arguments[0]), try rounded(arguments[1]))
        guard start < end else { throw IntrinsicFault(reason: "The end of the range must exceed its start") }
        guard arguments.count == 3 else { return .int(Int.random(in: start..<end, using: &random)) }
        var seeded = RandomSource(seed: UInt64(bitPattern: Int64(try rounded(arguments[2]))))
        return .int(Int.random(in: start..<end, using: &seeded))
    }

    private static func parse(_ text: String) throws(IntrinsicFault) -> JSON {
        if text.allSatisfy(\.isWhitespace) { return .null }
        do {
            let value = try JSON(parsing: text)
            // Java reads integers into a long, which knows no negative zero.
            return value == .number(JSONNumber(-0.0) ?? JSONNumber(0)) || value.number?.text == "-0" ? 0 : value
        } catch {
            throw IntrinsicFault(reason: "Invalid JSON: \(error.reason) at byte \(error.byte)")
        }
    }

    private static func hash(_ text: String, algorithm: String?) throws(IntrinsicFault) -> JSON {
        let functions: [String: HashFunction] = [
            "MD5": .md5, "SHA-1": .sha1, "SHA-256": .sha256, "SHA-384": .sha384, "SHA-512": .sha512,
        ]
        guard let algorithm, let function = functions[algorithm] else {
            throw IntrinsicFault(reason: "Unknown hash algorithm; use MD5, SHA-1, SHA-256, SHA-384 or SHA-512")
        }
        return .string(Digest.hash(Array(text.utf8), with: function).hexadecimal)
    }

    /// Splits at any character of `separators`; empty pieces vanish.
    private static func split(_ text: String, separators: String?) throws(IntrinsicFault) -> JSON {
        guard let separators else { throw IntrinsicFault(reason: "Invalid arguments: the splitter must be a string") }
        guard !separators.isEmpty else { return [.string(text)] }
        let characters = Set(separators.unicodeScalars)
        return .array(
            text.unicodeScalars.split { characters.contains($0) }.map { .string(String($0)) })
    }

    private static func format(_ arguments: [JSON]) throws(IntrinsicFault) -> String {
        guard let template = arguments[0].string else {
            throw IntrinsicFault(reason: "Invalid arguments: the template must be a string")
        }
        var (result, used) = ("", 0)
        var scalars = Array(template.unicodeScalars)[...]
        while let scalar = scalars.popFirst() {
            switch scalar {
            case "\\" where scalars.first.map { "{}\\".unicodeScalars.contains($0) } ?? false:
                result.unicodeScalars.append(scalars.removeFirst())
            case "{" where scalars.first == "}":
                scalars.removeFirst()
                used += 1
                guard used < arguments.count else { break }
                result += arguments[used].string ?? arguments[used].text
            default: result.unicodeScalars.append(scalar)
            }
        }
        guard used == arguments.count - 1 else {
            throw IntrinsicFault(
                reason: "number of arguments do not match the occurrences of {} in the template")
        }
        return result
    }
}

extension JSON {
    /// With each number in one way of writing, so that equal numbers are equal JSON.
    fileprivate var withPlainNumbers: JSON {
        switch self {
        case .number(let number): number.double.map { JSON.decimal($0) } ?? self
        case .array(let elements): .array(elements.map(\.withPlainNumbers))
        case .object(let object): .object(JSONObject(object.map { ($0.name, $0.value.withPlainNumbers) }))
        default: self
        }
    }
}
