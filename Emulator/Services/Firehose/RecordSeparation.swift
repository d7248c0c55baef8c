internal import EmulatorCore
internal import JSON

/// How a client's record is separated into the records that it joins.
/// - SeeAlso: <https://docs.aws.amazon.com/firehose/latest/dev/dynamic-partitioning-multirecord-deaggergation.html>
enum RecordSeparation: Sendable, Hashable {
    /// One JSON object after the other, with or without newlines between them.
    case json
    case delimiter([UInt8])

    /// The most records in one.
    static let limit = 500

    /// - Parameter parameters: those of a processor of the type `RecordDeAggregation`.
    init(_ parameters: [String: String]) throws(AWSFault) {
        switch (parameters["SubRecordType"], parameters["Delimiter"]) {
        case ("JSON", nil): self = .json
        case ("JSON", _?):
            throw .firehoseArgument("RecordDeAggregation has a Delimiter only if SubRecordType is DELIMITED.")
        case ("DELIMITED", let text?):
            guard let delimiter = [UInt8](base64: text), !delimiter.isEmpty else {
                throw .firehoseArgument("The Delimiter \(text) of RecordDeAggregation is not base64.")
            }
            self = .delimiter(delimiter)
        case ("DELIMITED", nil):
            throw .firehoseArgument("RecordDeAggregation with DELIMITED needs a Delimiter in base64.")
        case (let type, _):
            throw .firehoseArgument("SubRecordType is \(type ?? "missing"); expected JSON or DELIMITED.")
        }
    }

    struct Failure: Error {
        let reason: String
    }

    /// The records in `data`, without what separates them.
    func parts(of data: [UInt8]) throws(Failure) -> [[UInt8]] {
        let parts =
            switch self {
            case .json: try Self.objects(in: data)
            case .delimiter(let delimiter): Self.pieces(of: data, between: delimiter)
            }
        guard parts.count <= Self.limit else {
            throw Failure(reason: "The record joins \(parts.count) records; at most \(Self.limit) can be separated.")
        }
        return parts
    }

    private static func objects(in data: [UInt8]) throws(Failure) -> [[UInt8]] {
        var objects: [[UInt8]] = []
        var position = 0
        while let start = data[position...].firstIndex(where: { !isSpace($0) }) {
            guard data[start] == UInt8(ascii: "{"), let end = endOfObject(in: data, from: start) else {
                throw Failure(reason: "Byte \(start) of the record does not begin a JSON object.")
            }
            let object = Array(data[start..<end])
            do { _ = try JSON(parsing: object) } catch {
                throw Failure(reason: "The JSON object at byte \(start) of the record is \(error).")
            }
            objects.append(object)
            position = end
        }
        return objects
    }

    /// The place after the object that begins at `start`; nil if it does not end.
    private static func endOfObject(in data: [UInt8], from start: Int) -> Int? {
        var (depth, isText, isEscaped) = (0, false, false)
        for position in start..<data.count {
            let byte = data[position]
            if isText {
                if isEscaped {
                    isEscaped = false
                } else if byte == UInt8(ascii: "\\") {
                    isEscaped = true
                } else if byte == UInt8(ascii: "\"") {
                    isText = false
                }
                continue
            }
            switch byte {
            case UInt8(ascii: "\""): isText = true
            case UInt8(ascii: "{"): depth += 1
            case UInt8(ascii: "}"):
                depth -= 1
                if depth == 0 { return position + 1 }
            default: continue
            }
        }
        return nil
    }

    private static func isSpace(_ byte: UInt8) -> Bool { [0x20, 0x09, 0x0A, 0x0D].contains(byte) }

    /// Nothing between two delimiters, or after the last one, is no record.
    private static func pieces(of data: [UInt8], between delimiter: [UInt8]) -> [[UInt8]] {
        var pieces: [[UInt8]] = []
        var (start, position) = (0, 0)
        while position + delimiter.count <= data.count {
            guard data[position..<position + delimiter.count].elementsEqual(delimiter) else {
                position += 1
                continue
            }
            if position > start { pieces.append(Array(data[start..<position])) }
            position += delimiter.count
            start = position
        }
        if start < data.count { pieces.append(Array(data[start...])) }
        return pieces
    }
}
