internal import Contracts

/// The text of a file in the form that the readers take: UTF-8, lines that end with LF, and one JSON value a line.
///
/// The front of the text decides what has to be done. A text that needs nothing is passed on as it is, without a copy. Line
/// numbers and positions in messages are those of the form that the readers see.
final class TextFormSource: ByteSource {
    enum Kind {
        case csv(CSVDialect)
        case json
    }

    /// So much of the text decides.
    private static let frontSize = 64 << 10

    private let source: any ByteSource
    private let kind: Kind
    private var hasBegun = false
    private var isAtEnd = false
    /// Text that is ready, and how much of it has been read.
    private var ready: [UInt8] = []
    private var used = 0

    private var decoder: TextDecoder?
    private var objects: JSONObjects?
    private var returns: CarriageReturns?
    private var rows: RowLines?
    private let exchange: MarkExchange?
    private var isPlain: Bool { decoder == nil && objects == nil && returns == nil && rows == nil }

    init(_ source: any ByteSource, _ kind: Kind) {
        self.source = source
        self.kind = kind
        if case .csv(let dialect) = kind {
            rows = RowLines(dialect)
            exchange = MarkExchange(dialect)
        } else {
            exchange = nil
        }
    }

    /// As the contract has it. A byte order mark says more.
    private var encoding: TextEncoding { if case .csv(let dialect) = kind { dialect.encoding } else { .utf8 } }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        if !hasBegun { try begin() }
        while used == ready.count {
            if isPlain {
                let count = isAtEnd ? 0 : try source.read(into: buffer)
                exchange?.apply(
                    UnsafeMutableRawBufferPointer(rebasing: buffer[..<count]).assumingMemoryBound(to: UInt8.self))
                return count
            }
            guard !isAtEnd else { return 0 }
            try convertMore()
        }
        let count = min(buffer.count, ready.count - used)
        buffer.copyBytes(from: ready[used..<used + count])
        used += count
        return count
    }

    private func begin() throws {
        hasBegun = true
        var front = try readFront()
        if let reason = FileSignature.reason(front, isCSV: { if case .csv = kind { true } else { false } }()) {
            throw ColumnarError.foreignFile(reason: reason)
        }
        if let known = Self.byteOrderMark(of: front) {
            decoder = TextDecoder(known)
            front.removeFirst(2)
        } else if encoding != .utf8, !front.starts(with: [0xEF, 0xBB, 0xBF]) {
            decoder = TextDecoder(encoding)
        }
        let text = decoded(front)
        switch kind {
        case .csv: returns = CarriageReturns(front: text)
        case .json: objects = JSONObjects(front: text.starts(with: [0xEF, 0xBB, 0xBF]) ? text.dropFirst(3) : text[...])
        }
        try take(text)
    }

    private func readFront() throws -> [UInt8] {
        var front = [UInt8](repeating: 0, count: Self.frontSize)
        var count = 0
        while count < front.count {
            let more = try front.withUnsafeMutableBytes { bytes in
                try source.read(into: UnsafeMutableRawBufferPointer(rebasing: bytes[count...]))
            }
            guard more > 0 else {
                isAtEnd = true
                break
            }
            count += more
        }
        front.removeLast(front.count - count)
        return front
    }

    private func convertMore() throws {
        try take(decoded(try readFront()))
    }

    private func decoded(_ bytes: [UInt8]) -> [UInt8] {
        guard var decoder else { return exchange?.applied(to: bytes) ?? bytes }
        var text: [UInt8] = []
        text.reserveCapacity(bytes.count * 2)
        decoder.decode(bytes, into: &text)
        if isAtEnd { decoder.finish(into: &text) }
        self.decoder = decoder
        return exchange?.applied(to: text) ?? text
    }

    private func take(_ text: [UInt8]) throws {
        used = 0
        ready = text
        returns?.replace(in: &ready)
        rows?.keep(&ready)
        guard var objects else { return }
        ready = []
        objects.add(text, to: &ready)
        if isAtEnd, objects.finish(&ready) { throw ColumnarError.unterminatedArray }
        self.objects = objects
    }

    private static func byteOrderMark(of front: [UInt8]) -> TextEncoding? {
        if front.starts(with: [0xFF, 0xFE]) { return .utf16LittleEndian }
        return front.starts(with: [0xFE, 0xFF]) ? .utf16BigEndian : nil
    }
}

/// Makes line ends of carriage returns outside quotes, in a CSV text that has no others.
struct CarriageReturns {
    private var isInQuotes = false

    /// Nil if the text that begins like this has line feeds.
    init?(front text: [UInt8]) {
        var isInQuotes = false
        var hasReturn = false
        for byte in text {
            switch byte {
            case UInt8(ascii: "\""): isInQuotes.toggle()
            case UInt8(ascii: "\n") where !isInQuotes: return nil
            case UInt8(ascii: "\r") where !isInQuotes: hasReturn = true
            default: break
            }
        }
        guard hasReturn else { return nil }
    }

    mutating func replace(in text: inout [UInt8]) {
        for position in text.indices {
            if text[position] == UInt8(ascii: "\"") {
                isInQuotes.toggle()
            } else if text[position] == UInt8(ascii: "\r"), !isInQuotes {
                text[position] = UInt8(ascii: "\n")
            }
        }
    }
}

/// Leaves out the lines before the first row, and comments.
struct RowLines {
    private var skippedCount: Int
    private let comment: UInt8?
    private var isFirst = true
    private var isInComment = false
    private var isInQuotes = false
    private var isAtLineStart = true

    /// Nil if all lines are rows.
    init?(_ dialect: CSVDialect) {
        guard dialect.skippedLineCount > 0 || dialect.comment != nil else { return nil }
        skippedCount = dialect.skippedLineCount
        comment = dialect.comment
    }

    mutating func keep(_ text: inout [UInt8]) {
        var kept: [UInt8] = []
        kept.reserveCapacity(text.count)
        let start = isFirst && text.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
        isFirst = false
        for byte in text[start...] {
            let isLineEnd = byte == UInt8(ascii: "\n")
            if skippedCount > 0 {
                if isLineEnd { skippedCount -= 1 }
            } else if isInComment {
                if isLineEnd { isInComment = false }
            } else if isAtLineStart, !isInQuotes, byte == comment {
                isInComment = true
            } else {
                kept.append(byte)
                if byte == UInt8(ascii: "\"") { isInQuotes.toggle() }
                isAtLineStart = isLineEnd
            }
        }
        text = kept
    }
}
