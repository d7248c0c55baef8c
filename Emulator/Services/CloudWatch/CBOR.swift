internal import JSON

/// CBOR, in the part of it that AWS's RPC protocol uses. Instants are numbers of seconds; bytes are text in Base64.
///
/// - SeeAlso: <https://www.rfc-editor.org/rfc/rfc8949>, <https://smithy.io/2.0/additional-specs/protocols/smithy-rpc-v2.html>
enum CBOR {
    struct Fault: Error {
        let reason: String
    }

    static func decode(_ bytes: [UInt8]) throws(Fault) -> JSON {
        var reader = Reader(bytes: bytes)
        let value = try reader.value(depth: 0)
        guard reader.at == bytes.count else { throw Fault(reason: "bytes follow the document") }
        return value ?? .null
    }

    /// - Parameter instants: the names of members whose numbers are seconds since 1970.
    static func encode(_ value: JSON, instants: Set<String>) -> [UInt8] {
        var bytes: [UInt8] = []
        append(value, to: &bytes, instants: instants, isInstant: false)
        return bytes
    }

    private static func append(_ value: JSON, to bytes: inout [UInt8], instants: Set<String>, isInstant: Bool) {
        switch value {
        case .null: bytes.append(0xF6)
        case .bool(let value): bytes.append(value ? 0xF5 : 0xF4)
        case .number(let number):
            if isInstant { bytes.append(0xC1) }
            if let integer = Int64(number.text) {
                if integer >= 0 {
                    head(0, UInt64(integer), to: &bytes)
                } else {
                    head(1, UInt64(-1 - integer), to: &bytes)
                }
            } else {
                bytes.append(0xFB)
                withUnsafeBytes(of: (number.double ?? 0).bitPattern.bigEndian) { bytes.append(contentsOf: $0) }
            }
        case .string(let text):
            head(3, UInt64(text.utf8.count), to: &bytes)
            bytes.append(contentsOf: text.utf8)
        case .array(let elements):
            head(4, UInt64(elements.count), to: &bytes)
            for element in elements { append(element, to: &bytes, instants: instants, isInstant: isInstant) }
        case .object(let members):
            head(5, UInt64(members.count), to: &bytes)
            for (name, value) in members {
                append(.string(name), to: &bytes, instants: instants, isInstant: false)
                append(value, to: &bytes, instants: instants, isInstant: instants.contains(name))
            }
        }
    }

    private static func head(_ kind: UInt8, _ value: UInt64, to bytes: inout [UInt8]) {
        let kind = kind << 5
        switch value {
        case 0..<24: bytes.append(kind | UInt8(value))
        case ..<0x100: bytes += [kind | 24, UInt8(value)]
        case ..<0x1_0000:
            bytes.append(kind | 25)
            withUnsafeBytes(of: UInt16(value).bigEndian) { bytes.append(contentsOf: $0) }
        case ..<0x1_0000_0000:
            bytes.append(kind | 26)
            withUnsafeBytes(of: UInt32(value).bigEndian) { bytes.append(contentsOf: $0) }
        default:
            bytes.append(kind | 27)
            withUnsafeBytes(of: value.bigEndian) { bytes.append(contentsOf: $0) }
        }
    }

    private struct Reader {
        let bytes: [UInt8]
        var at = 0
        private static let depthLimit = 64

        private mutating func take(_ count: Int) throws(Fault) -> ArraySlice<UInt8> {
            guard count >= 0, count <= bytes.count - at else { throw Fault(reason: "the document ends early") }
            defer { at += count }
            return bytes[at..<at + count]
        }

        private mutating func number(_ count: Int) throws(Fault) -> UInt64 {
            try take(count).reduce(0) { $0 << 8 | UInt64($1) }
        }

        /// The length or value after a first byte; nil for an indefinite length.
        private mutating func argument(_ detail: UInt8) throws(Fault) -> UInt64? {
            switch detail {
            case 0..<24: return UInt64(detail)
            case 24: return try number(1)
            case 25: return try number(2)
            case 26: return try number(4)
            case 27: return try number(8)
            case 31: return nil
            default: throw Fault(reason: "a length of an unknown form")
            }
        }

        /// Nil for the mark that ends what has no length.
        mutating func value(depth: Int) throws(Fault) -> JSON? {
            guard depth < Self.depthLimit else { throw Fault(reason: "more than \(Self.depthLimit) levels") }
            guard let first = try take(1).first else { return nil }
            let (kind, detail) = (first >> 5, first & 31)
            if kind == 7 { return try simple(detail) }
            let argument = try argument(detail)
            switch kind {
            case 0: return .int(argument ?? 0)
            case 1:
                guard let argument, argument <= UInt64(Int64.max) else { throw Fault(reason: "a number is too small") }
                return .int(-1 - Int64(argument))
            case 2: return .string(Array(try chunks(argument, depth)).base64)
            case 3: return .string(String(decoding: try chunks(argument, depth), as: UTF8.self))
            case 4: return .array(try list(argument, depth))
            case 5: return try map(argument, depth)
            // A tag says what the next value is; the numbers of instants are left as they are.
            default: return try value(depth: depth + 1)
            }
        }

        private mutating func simple(_ detail: UInt8) throws(Fault) -> JSON? {
            switch detail {
            case 20: return false
            case 21: return true
            case 22, 23: return .null
            case 25: return Self.decimal(Self.half(UInt16(try number(2))))
            case 26: return Self.decimal(Double(Float(bitPattern: UInt32(try number(4)))))
            case 27: return Self.decimal(Double(bitPattern: try number(8)))
            case 31: return nil
            default: throw Fault(reason: "a simple value of an unknown form")
            }
        }

        /// JSON has no NaN and no infinities; as texts they are refused where a number is expected.
        private static func decimal(_ value: Double) -> JSON {
            if let integer = Int64(exactly: value), integer.magnitude < 1 << 53 { return .int(integer) }
            return JSONNumber(value).map { .number($0) } ?? .string("\(value)")
        }

        private static func half(_ bits: UInt16) -> Double {
            let (exponent, fraction) = (Int(bits >> 10 & 31), Double(bits & 1023))
            let size: Double
            switch exponent {
            case 0: size = fraction * 0x1p-24
            case 31: size = fraction == 0 ? .infinity : .nan
            default:
                size = Double(sign: .plus, exponent: exponent - 15, significand: 1 + fraction / 1024)
            }
            return bits >> 15 == 1 ? -size : size
        }

        private mutating func chunks(_ length: UInt64?, _ depth: Int) throws(Fault) -> [UInt8] {
            if let length { return Array(try take(Int(clamping: length))) }
            var joined: [UInt8] = []
            while true {
                guard let first = try take(1).first, first != 0xFF else { return joined }
                guard let length = try argument(first & 31) else { throw Fault(reason: "a text inside a text") }
                joined += try take(Int(clamping: length))
            }
        }

        private mutating func list(_ length: UInt64?, _ depth: Int) throws(Fault) -> [JSON] {
            var elements: [JSON] = []
            while length.map({ UInt64(elements.count) < $0 }) ?? true {
                guard let element = try value(depth: depth + 1) else {
                    guard length == nil else { throw Fault(reason: "a list ends early") }
                    break
                }
                elements.append(element)
            }
            return elements
        }

        private mutating func map(_ length: UInt64?, _ depth: Int) throws(Fault) -> JSON {
            var members: [(String, JSON)] = []
            while length.map({ UInt64(members.count) < $0 }) ?? true {
                guard let name = try value(depth: depth + 1) else {
                    guard length == nil else { throw Fault(reason: "a map ends early") }
                    break
                }
                guard let name = name.string, let value = try value(depth: depth + 1) else {
                    throw Fault(reason: "a map needs texts as names, and a value for each")
                }
                members.append((name, value))
            }
            return .object(JSONObject(members))
        }
    }
}
