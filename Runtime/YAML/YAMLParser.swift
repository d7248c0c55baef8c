internal import CYAML

extension YAMLNode {
    /// Parses one YAML document, which JSON text is too.
    ///
    /// Aliases are resolved and tags are kept. Keys must be scalars and must not repeat.
    /// - Parameter file: the name of the text in errors.
    /// - Throws: ``YAMLError`` with line and column.
    public init(parsing text: [UInt8], file: String = "text", limits: YAMLLimits = YAMLLimits()) throws(YAMLError) {
        var parser = YAMLParser(text, file: file, limits: limits)
        self = try parser.parseDocument()
    }

    public init(parsing text: String, file: String = "text", limits: YAMLLimits = YAMLLimits()) throws(YAMLError) {
        try self.init(parsing: Array(text.utf8), file: file, limits: limits)
    }
}

/// The limits of a document, against attacks on the reader.
public struct YAMLLimits: Sendable {
    /// Levels of collections inside collections.
    public var depth = 100
    /// Nodes after aliases are resolved, against "billion laughs" documents.
    public var nodes = 200_000

    public init() {}
}

/// Builds nodes from libyaml's events.
private struct YAMLParser: ~Copyable {
    /// libyaml keeps pointers into the parser and the text, so both stay at fixed addresses until `deinit`.
    private let parser: UnsafeMutablePointer<yaml_parser_t>
    private let text: UnsafeMutableBufferPointer<UInt8>
    private let file: String
    private let limits: YAMLLimits
    private var anchors: [String: Subtree] = [:]
    private var nodeCount = 0

    /// A complete node, with the cost of an alias to it.
    struct Subtree {
        let node: YAMLNode
        let nodeCount: Int
        let height: Int
    }

    init(_ text: [UInt8], file: String, limits: YAMLLimits) {
        self.file = file
        self.limits = limits
        self.text = .allocate(capacity: text.count)
        _ = self.text.initialize(from: text)
        parser = .allocate(capacity: 1)
        parser.initialize(to: yaml_parser_t())
        // It fails only if memory is exhausted; the first event then reports it.
        _ = yaml_parser_initialize(parser)
        yaml_parser_set_input_string(parser, self.text.baseAddress, self.text.count)
    }

    deinit {
        yaml_parser_delete(parser)
        parser.deallocate()
        text.deallocate()
    }

    mutating func parseDocument() throws(YAMLError) -> YAMLNode {
        let start = try nextEvent()
        guard case .streamStart = start.kind else { throw fault("expected a YAML stream", at: start.mark) }
        let document = try nextEvent()
        guard case .documentStart = document.kind else {
            throw fault("expected a document, not an empty text", at: document.mark)
        }
        let root = try parseNode(from: try nextEvent(), depth: 0)
        // This event ends the document and has no content; the stream must end after it.
        _ = try nextEvent()
        let end = try nextEvent()
        guard case .streamEnd = end.kind else {
            throw fault("expected the end of the text, not a second document", at: end.mark)
        }
        return root.node
    }

    private mutating func parseNode(from event: Event, depth: Int) throws(YAMLError) -> Subtree {
        guard depth <= limits.depth else {
            throw fault("nested deeper than \(limits.depth) levels", at: event.mark)
        }
        if case .alias(let name) = event.kind { return try resolve(name, at: event.mark, depth: depth) }
        try count(1, at: event.mark)
        let before = nodeCount
        var height = 0
        let content: YAMLNode.Content
        switch event.kind {
        case .scalar(let value, let isPlain):
            content = .scalar(value, isPlain: isPlain)
        case .sequenceStart:
            content = .sequence(try parseSequence(depth: depth, height: &height))
        case .mappingStart:
            content = .mapping(try parseMapping(depth: depth, height: &height))
        default:
            throw fault("expected a value", at: event.mark)
        }
        let node = YAMLNode(content, tag: event.tag, mark: event.mark)
        let subtree = Subtree(node: node, nodeCount: nodeCount - before + 1, height: height)
        // Registered only now, so an alias inside its own anchor finds nothing and a tree cannot contain itself.
        if let anchor = event.anchor { anchors[anchor] = subtree }
        return subtree
    }

    private mutating func parseSequence(depth: Int, height: inout Int) throws(YAMLError) -> [YAMLNode] {
        var elements: [YAMLNode] = []
        while true {
            let event = try nextEvent()
            if case .sequenceEnd = event.kind { return elements }
            let element = try parseNode(from: event, depth: depth + 1)
            height = max(height, element.height + 1)
            elements.append(element.node)
        }
    }

    private mutating func parseMapping(depth: Int, height: inout Int) throws(YAMLError) -> YAMLMapping {
        var mapping = YAMLMapping()
        while true {
            let event = try nextEvent()
            if case .mappingEnd = event.kind { return mapping }
            let key = try parseNode(from: event, depth: depth + 1).node
            guard case .scalar(let name, let isPlain) = key.content else {
                throw fault("expected a scalar as key, not \(key.kind)", at: event.mark)
            }
            if name == "<<", isPlain {
                throw fault("merge keys (<<) are not supported; repeat the entries", at: event.mark)
            }
            let value = try parseNode(from: try nextEvent(), depth: depth + 1)
            height = max(height, value.height + 1)
            guard mapping.append(.init(key: name, keyMark: event.mark, value: value.node)) else {
                let first = mapping.entry(for: name).map { " (first at \($0.keyMark))" } ?? ""
                throw fault("the key '\(name)' repeats\(first)", at: event.mark)
            }
        }
    }

    private mutating func resolve(_ name: String, at mark: YAMLMark, depth: Int) throws(YAMLError) -> Subtree {
        guard let subtree = anchors[name] else {
            throw fault("expected the anchor &\(name) before this alias", at: mark)
        }
        guard depth + subtree.height <= limits.depth else {
            throw fault("nested deeper than \(limits.depth) levels through *\(name)", at: mark)
        }
        try count(subtree.nodeCount, at: mark)
        return subtree
    }

    private mutating func count(_ nodes: Int, at mark: YAMLMark) throws(YAMLError) {
        nodeCount += nodes
        guard nodeCount <= limits.nodes else {
            throw fault("more than \(limits.nodes) nodes after aliases are resolved", at: mark)
        }
    }

    private func fault(_ reason: String, at mark: YAMLMark) -> YAMLError {
        YAMLError(file: file, mark: mark, reason: reason)
    }
}

// MARK: Events

extension YAMLParser {
    struct Event {
        enum Kind {
            case streamStart, streamEnd, documentStart, documentEnd
            case alias(String)
            case scalar(String, isPlain: Bool)
            case sequenceStart, sequenceEnd, mappingStart, mappingEnd
            case none
        }

        let kind: Kind
        var anchor: String?
        var tag: String?
        let mark: YAMLMark
    }

    private mutating func nextEvent() throws(YAMLError) -> Event {
        var event = yaml_event_t()
        guard yaml_parser_parse(parser, &event) == 1 else { throw parserFault() }
        defer { yaml_event_delete(&event) }
        let mark = YAMLMark(event.start_mark)
        switch event.type {
        case YAML_STREAM_START_EVENT: return Event(kind: .streamStart, mark: mark)
        case YAML_STREAM_END_EVENT: return Event(kind: .streamEnd, mark: mark)
        case YAML_DOCUMENT_START_EVENT: return Event(kind: .documentStart, mark: mark)
        case YAML_DOCUMENT_END_EVENT: return Event(kind: .documentEnd, mark: mark)
        case YAML_SEQUENCE_END_EVENT: return Event(kind: .sequenceEnd, mark: mark)
        case YAML_MAPPING_END_EVENT: return Event(kind: .mappingEnd, mark: mark)
        case YAML_ALIAS_EVENT:
            return Event(kind: .alias(text(event.data.alias.anchor) ?? ""), mark: mark)
        case YAML_SEQUENCE_START_EVENT:
            let start = event.data.sequence_start
            return Event(kind: .sequenceStart, anchor: text(start.anchor), tag: text(start.tag), mark: mark)
        case YAML_MAPPING_START_EVENT:
            let start = event.data.mapping_start
            return Event(kind: .mappingStart, anchor: text(start.anchor), tag: text(start.tag), mark: mark)
        case YAML_SCALAR_EVENT:
            let scalar = event.data.scalar
            let value = String(decoding: UnsafeBufferPointer(start: scalar.value, count: scalar.length), as: UTF8.self)
            return Event(
                kind: .scalar(value, isPlain: scalar.style == YAML_PLAIN_SCALAR_STYLE),
                anchor: text(scalar.anchor), tag: text(scalar.tag), mark: mark)
        default:
            return Event(kind: .none, mark: mark)
        }
    }

    private func text(_ bytes: UnsafeMutablePointer<yaml_char_t>?) -> String? {
        bytes.map { String(cString: $0) }
    }

    private func parserFault() -> YAMLError {
        let state = parser.pointee
        let problem = state.problem.map { String(cString: $0) } ?? "out of memory"
        // For invalid UTF-8 and control characters libyaml has a byte offset but no mark.
        if state.error == YAML_READER_ERROR {
            let reason = "\(problem) at byte \(state.problem_offset)"
            return YAMLError(file: file, mark: mark(ofByte: state.problem_offset), reason: reason)
        }
        guard let context = state.context else {
            return fault(problem, at: YAMLMark(state.problem_mark))
        }
        let begun = YAMLMark(state.context_mark)
        return fault("\(problem), \(String(cString: context)) begun at \(begun)", at: YAMLMark(state.problem_mark))
    }

    private func mark(ofByte offset: Int) -> YAMLMark {
        let before = text.prefix(offset)
        let line = before.count { $0 == UInt8(ascii: "\n") } + 1
        let lineStart = before.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
        return YAMLMark(line: line, column: before.count - lineStart + 1)
    }
}

extension YAMLMark {
    fileprivate init(_ mark: yaml_mark_t) {
        self.init(line: mark.line + 1, column: mark.column + 1)
    }
}
