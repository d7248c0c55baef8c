internal import JSON

/// One parsed call of an intrinsic function: `States.Format('{}', $.name)`.
///
/// - SeeAlso: <https://docs.aws.amazon.com/step-functions/latest/dg/intrinsic-functions.html>
struct IntrinsicCall: Sendable, Equatable {
    let function: IntrinsicFunction
    let arguments: [Argument]
    /// The call as it was written, for error texts.
    let text: String

    indirect enum Argument: Sendable, Equatable {
        case literal(JSON)
        case path(JSONPath)
        case call(IntrinsicCall)
    }

    /// All paths that the call reads, nested calls included.
    var paths: [JSONPath] {
        arguments.flatMap { argument -> [JSONPath] in
            switch argument {
            case .literal: []
            case .path(let path): [path]
            case .call(let call): call.paths
            }
        }
    }
}

/// The functions that the States Language offers inside JSONPath fields.
enum IntrinsicFunction: String, Sendable, Equatable, CaseIterable {
    case array = "States.Array"
    case arrayPartition = "States.ArrayPartition"
    case arrayContains = "States.ArrayContains"
    case arrayRange = "States.ArrayRange"
    case arrayGetItem = "States.ArrayGetItem"
    case arrayLength = "States.ArrayLength"
    case arrayUnique = "States.ArrayUnique"
    case base64Encode = "States.Base64Encode"
    case base64Decode = "States.Base64Decode"
    case hash = "States.Hash"
    case jsonMerge = "States.JsonMerge"
    case stringToJSON = "States.StringToJson"
    case jsonToString = "States.JsonToString"
    case mathRandom = "States.MathRandom"
    case mathAdd = "States.MathAdd"
    case stringSplit = "States.StringSplit"
    case format = "States.Format"
    case uuid = "States.UUID"

    /// How many arguments a call may have.
    var arity: ClosedRange<Int> {
        switch self {
        case .array: 0...Int.max
        case .format: 1...Int.max
        case .uuid: 0...0
        case .arrayLength, .arrayUnique, .base64Encode, .base64Decode, .stringToJSON, .jsonToString: 1...1
        case .arrayPartition, .arrayContains, .arrayGetItem, .hash, .mathAdd, .stringSplit: 2...2
        case .arrayRange, .jsonMerge: 3...3
        case .mathRandom: 2...3
        }
    }
}

/// Why a text is not an intrinsic function call.
struct IntrinsicSyntaxError: Error, Sendable, Equatable {
    let reason: String
    let byte: Int
}

/// Reads an intrinsic function call with its literals, paths and nested calls.
struct IntrinsicParser {
    private let text: [UInt8]
    private var at = 0
    private var depth = 0
    /// - SeeAlso: <https://docs.aws.amazon.com/step-functions/latest/dg/intrinsic-functions.html>
    private static let depthLimit = 10

    init(_ text: String) { self.text = Array(text.utf8) }

    mutating func parseWhole() throws(IntrinsicSyntaxError) -> IntrinsicCall {
        skipSpace()
        let call = try parseCall()
        skipSpace()
        guard at == text.count else { throw fault("unexpected text after the call") }
        return call
    }

    private func fault(_ reason: String) -> IntrinsicSyntaxError { IntrinsicSyntaxError(reason: reason, byte: at) }

    private var next: UInt8? { at < text.count ? text[at] : nil }

    private mutating func skipSpace() { while next == 0x20 || next == 0x0A || next == 0x09 || next == 0x0D { at += 1 } }

    private mutating func skip(_ scalar: Unicode.Scalar) -> Bool {
        guard next == UInt8(ascii: scalar) else { return false }
        at += 1
        return true
    }

    private mutating func word() -> String {
        let start = at
        while let byte = next,
            byte != UInt8(ascii: "("), byte != UInt8(ascii: ")"), byte != UInt8(ascii: ","), byte != 0x20
        {
            at += 1
        }
        return String(decoding: text[start..<at], as: UTF8.self)
    }

    private mutating func parseCall() throws(IntrinsicSyntaxError) -> IntrinsicCall {
        depth += 1
        defer { depth -= 1 }
        guard depth <= Self.depthLimit else { throw fault("more than \(Self.depthLimit) functions inside each other") }
        let start = at
        let name = word()
        guard let function = IntrinsicFunction(rawValue: name) else { throw fault("unknown function '\(name)'") }
        skipSpace()
        guard skip("(") else { throw fault("expected '('") }
        var arguments: [IntrinsicCall.Argument] = []
        skipSpace()
        if !skip(")") {
            repeat {
                arguments.append(try parseArgument())
                skipSpace()
            } while skip(",")
            guard skip(")") else { throw fault("expected ',' or ')'") }
        }
        guard function.arity.contains(arguments.count) else {
            throw fault("\(name) does not take \(arguments.count) arguments")
        }
        return IntrinsicCall(
            function: function, arguments: arguments, text: String(decoding: text[start..<at], as: UTF8.self))
    }

    private mutating func parseArgument() throws(IntrinsicSyntaxError) -> IntrinsicCall.Argument {
        skipSpace()
        switch next {
        case UInt8(ascii: "'"): return .literal(.string(try parseString()))
        case UInt8(ascii: "$"):
            var parser = JSONPathParser(text, at: at)
            do {
                let path = try parser.parsePath()
                at = parser.at
                return .path(path)
            } catch {
                throw IntrinsicSyntaxError(reason: error.reason, byte: error.byte)
            }
        case UInt8(ascii: "S"): return .call(try parseCall())
        default:
            let literal = word()
            guard let value = try? JSON(parsing: literal), value.array == nil, value.object == nil else {
                throw fault("'\(literal)' is neither a path, a call nor a literal")
            }
            return .literal(value)
        }
    }

    /// A string in single quotes. The backslash stays before braces, so that `States.Format` can tell them apart.
    private mutating func parseString() throws(IntrinsicSyntaxError) -> String {
        at += 1
        var bytes: [UInt8] = []
        while let byte = next {
            at += 1
            switch byte {
            case UInt8(ascii: "'"): return String(decoding: bytes, as: UTF8.self)
            case UInt8(ascii: "\\"):
                guard let escaped = next else { throw fault("the text ends inside a string") }
                at += 1
                switch escaped {
                case UInt8(ascii: "'"): bytes.append(escaped)
                case UInt8(ascii: "{"), UInt8(ascii: "}"), UInt8(ascii: "\\"):
                    bytes += [UInt8(ascii: "\\"), escaped]
                case UInt8(ascii: "n"): bytes.append(0x0A)
                case UInt8(ascii: "r"): bytes.append(0x0D)
                case UInt8(ascii: "t"): bytes.append(0x09)
                default: throw fault("unknown escape in a string")
                }
            default: bytes.append(byte)
            }
        }
        throw fault("the text ends inside a string")
    }
}
