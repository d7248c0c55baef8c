/// One node of a YAML document, with the place where it begins, for error messages.
///
/// Scalars keep their exact text: `0012` stays four characters until a caller asks for `.int`.
/// - SeeAlso: <https://yaml.org/spec/1.2.2/>
public struct YAMLNode: Sendable, Hashable {
    public indirect enum Content: Sendable, Hashable {
        /// `isPlain` is false for quoted and block scalars, which are always text.
        case scalar(String, isPlain: Bool)
        case sequence([YAMLNode])
        case mapping(YAMLMapping)
    }

    public let content: Content
    /// The explicit tag, such as `!Ref` or `tag:yaml.org,2002:str`; nil if the document has none.
    public let tag: String?
    public let mark: YAMLMark

    public init(_ content: Content, tag: String? = nil, mark: YAMLMark = YAMLMark(line: 1, column: 1)) {
        self.content = content
        self.tag = tag
        self.mark = mark
    }
}

/// A place in a text: line and column both count from 1, the column in characters.
public struct YAMLMark: Sendable, Hashable, CustomStringConvertible {
    public let line: Int
    public let column: Int

    public init(line: Int, column: Int) {
        self.line = line
        self.column = column
    }

    public var description: String { "line \(line), column \(column)" }
}

// MARK: Reading a node as a value

extension YAMLNode {
    /// The scalar's text, quoted or not; nil for a null and for collections.
    public var string: String? {
        guard case .scalar(let text, _) = content, !isNull else { return nil }
        return text
    }

    /// The value of a plain decimal integer that fits.
    public var int: Int? {
        guard case .scalar(let text, isPlain: true) = content else { return nil }
        return Int(text)
    }

    /// The value of a plain number.
    public var double: Double? {
        guard case .scalar(let text, isPlain: true) = content else { return nil }
        return Double(text)
    }

    /// A plain `true` or `false` in YAML 1.2's spellings. YAML 1.1's `yes`, `no`, `on` and `off` are text.
    public var bool: Bool? {
        guard case .scalar(let text, isPlain: true) = content else { return nil }
        return switch text {
        case "true", "True", "TRUE": true
        case "false", "False", "FALSE": false
        default: nil
        }
    }

    public var sequence: [YAMLNode]? {
        guard case .sequence(let elements) = content else { return nil }
        return elements
    }

    public var mapping: YAMLMapping? {
        guard case .mapping(let mapping) = content else { return nil }
        return mapping
    }

    /// Whether this is an untagged plain scalar that is empty, `~` or `null`.
    public var isNull: Bool {
        guard case .scalar(let text, isPlain: true) = content, tag == nil else { return false }
        return ["", "~", "null", "Null", "NULL"].contains(text)
    }

    /// The value under `key`; nil if this is not a mapping or has no such key.
    public subscript(key: String) -> YAMLNode? { mapping?[key] }

    /// The element at `index`; nil if this is not a sequence or is shorter.
    public subscript(index: Int) -> YAMLNode? {
        guard let sequence, sequence.indices.contains(index) else { return nil }
        return sequence[index]
    }

    /// The kind of the node, for error messages: `a mapping`, `a sequence`, `null` or the quoted scalar.
    public var kind: String {
        switch content {
        case .mapping: "a mapping"
        case .sequence: "a sequence"
        case .scalar(let text, _): isNull ? "null" : "'\(text)'"
        }
    }
}
