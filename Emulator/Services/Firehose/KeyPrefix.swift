internal import EmulatorCore
internal import JSON

/// The prefix of object keys, with expressions such as `raw/!{partitionKeyFromLambda:table_name}/!{timestamp:yyyy}/`.
/// - SeeAlso: <https://docs.aws.amazon.com/firehose/latest/dev/s3-prefixes.html>
struct KeyPrefix: Sendable, Hashable {
    private enum Piece: Sendable, Hashable {
        case text(String)
        case timestamp(DateTimePattern)
        case randomString
        case errorType
        case key(PartitionKeys.Source, String)
    }

    private let pieces: [Piece]

    private init(_ pieces: [Piece]) { self.pieces = pieces }

    /// - Throws: ``AWSFault`` for an unknown namespace or an expression without an end.
    init(_ text: String) throws(AWSFault) {
        var pieces: [Piece] = []
        var rest = text[...]
        while let start = rest.firstRange(of: "!{") {
            if start.lowerBound > rest.startIndex { pieces.append(.text(String(rest[..<start.lowerBound]))) }
            guard let end = rest[start.upperBound...].firstIndex(of: "}") else {
                throw .firehoseArgument("The prefix \(text) has an expression without an end.")
            }
            pieces.append(try Self.expression(rest[start.upperBound..<end], in: text))
            rest = rest[rest.index(after: end)...]
        }
        if !rest.isEmpty { pieces.append(.text(String(rest))) }
        self.pieces = pieces
    }

    private static func expression(_ text: Substring, in prefix: String) throws(AWSFault) -> Piece {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        let value = parts.count == 2 ? parts[1] : ""
        switch (parts[0], value) {
        case ("firehose", "error-output-type"): return .errorType
        case ("firehose", "random-string"): return .randomString
        case ("timestamp", _) where !value.isEmpty: return .timestamp(try DateTimePattern(value))
        case (_, _) where !value.isEmpty && PartitionKeys.Source(rawValue: parts[0]) != nil:
            return .key(PartitionKeys.Source(rawValue: parts[0]) ?? .lambda, value)
        default:
            throw .firehoseArgument("The prefix \(prefix) has the invalid expression !{\(text)}.")
        }
    }

    /// The most characters of an evaluated prefix.
    static let limit = 512

    /// The partition keys that the prefix needs.
    var keys: [(source: PartitionKeys.Source, name: String)] {
        pieces.compactMap { if case .key(let source, let name) = $0 { (source, name) } else { nil } }
    }

    /// Whether the prefix depends on partition keys.
    var isPartitioned: Bool { !keys.isEmpty }

    var namesErrorType: Bool { pieces.contains(.errorType) }

    var namesTime: Bool { pieces.contains { if case .timestamp = $0 { true } else { false } } }

    /// Whether the prefix has no expressions.
    var isPlain: Bool { pieces.allSatisfy { if case .text = $0 { true } else { false } } }

    // MARK: Evaluation

    /// The prefix for records with these partition keys.
    /// - Returns: the first key that is missing or empty, if there is one.
    func resolved(_ keys: PartitionKeys) -> Result<KeyPrefix, MissingKey> {
        var resolved: [Piece] = []
        for piece in pieces {
            guard case .key(let source, let name) = piece else {
                resolved.append(piece)
                continue
            }
            guard let value = keys[source, name], !value.isEmpty else { return .failure(MissingKey(name: name)) }
            resolved.append(.text(value))
        }
        return .success(KeyPrefix(resolved))
    }

    struct MissingKey: Error {
        let name: String
    }

    func resolved(errorType: String) -> KeyPrefix {
        KeyPrefix(pieces.map { $0 == .errorType ? .text(errorType) : $0 })
    }

    /// - Parameters:
    ///   - moment: when the oldest record of the object arrived.
    ///   - randomString: for each expression that asks for one.
    func text(at moment: Int64, randomString: () -> String) -> String {
        pieces.map { piece in
            switch piece {
            case .text(let text): text
            case .timestamp(let pattern): pattern.text(at: moment)
            case .randomString: randomString()
            // A resolved prefix has none of these.
            case .errorType, .key: ""
            }
        }.joined()
    }

    /// Whether the evaluated prefix is longer than Firehose allows.
    func isTooLong(at moment: Int64) -> Bool {
        text(at: moment) { "12345678901" }.unicodeScalars.count > Self.limit
    }

    /// The prefix as a declaration has it, with the expressions that are not resolved yet.
    var text: String {
        pieces.map { piece in
            switch piece {
            case .text(let text): text
            case .timestamp(let pattern): "!{timestamp:\(pattern.text)}"
            case .randomString: "!{firehose:random-string}"
            case .errorType: "!{firehose:error-output-type}"
            case .key(let source, let name): "!{\(source.rawValue):\(name)}"
            }
        }.joined()
    }

    // MARK: In the store

    /// A resolved prefix as text. Equal prefixes have equal texts, whatever characters a key has.
    var stored: String {
        JSON.array(
            pieces.map { piece in
                switch piece {
                case .text(let text): .string(text)
                case .timestamp(let pattern): ["timestamp": .string(pattern.text)]
                case .randomString: ["firehose": "random-string"]
                case .errorType: ["firehose": "error-output-type"]
                case .key(let source, let name): [source.rawValue: .string(name)]
                }
            }
        ).text
    }

    init(stored: String) throws {
        pieces = try (try JSON(parsing: stored).array ?? []).map { piece throws in
            if let text = piece.string { return .text(text) }
            if let pattern = piece["timestamp"]?.string { return .timestamp(try DateTimePattern(pattern)) }
            for source in PartitionKeys.Source.allCases {
                if let name = piece[source.rawValue]?.string { return .key(source, name) }
            }
            return piece["firehose"] == "random-string" ? .randomString : .errorType
        }
    }
}
