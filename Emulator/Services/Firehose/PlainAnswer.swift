internal import EmulatorCore

/// A function's answer that has the records in the order of the event, without escapes and without anything to refuse, read in
/// place. Functions usually answer so.
struct PlainAnswer {
    private(set) var outcomes: [TransformationCall.Outcome] = []

    private enum Found {
        case ok(Range<Int>, TransformationCall.Keys)
        case dropped
    }

    /// Keys that were met last, by their text in the answer.
    private struct RecentKeys {
        private static let limit = 16
        private static let none = TransformationCall.Keys()
        private var all: [(text: Range<Int>, keys: TransformationCall.Keys)] = []
        private var next = 0

        /// Reads an object of strings.
        mutating func read(_ json: inout PlainJSON) -> TransformationCall.Keys? {
            for known in all where json.takeAgain(known.text) { return known.keys }
            let start = json.position
            guard json.take("{") else { return nil }
            var members: [(name: Range<Int>, value: Range<Int>)] = []
            if !json.take("}") {
                repeat {
                    guard let name = json.name(), let value = json.string() else { return nil }
                    members.append((name, value))
                } while json.take(",")
                guard json.take("}") else { return nil }
            }
            guard !members.isEmpty else { return Self.none }
            let text = start..<json.position
            var values: [String: String] = [:]
            for (name, value) in members { values[json.text(name)] = json.text(value) }
            let keys = TransformationCall.Keys(values)
            if all.count < Self.limit { all.append((text, keys)) } else { all[next] = (text, keys) }
            next = (next + 1) % Self.limit
            return keys
        }
    }

    /// - Parameters:
    ///   - event: what the function was sent.
    ///   - ids: where the records' IDs are in it.
    init?(_ answer: [UInt8], to event: UnsafeBufferPointer<UInt8>, _ ids: [Range<Int>]) {
        var found: [Found] = []
        found.reserveCapacity(ids.count)
        var recent = RecentKeys()
        let data = answer.withUnsafeBufferPointer { text in
            DecodedBytes.of(text.count) { decoded in
                var json = PlainJSON(text)
                let isPlain = json.object { json, name in
                    json.equals(name, "records") && found.isEmpty
                        && json.array { json in
                            guard found.count < ids.count else { return false }
                            let id = UnsafeBufferPointer(rebasing: event[ids[found.count]])
                            guard let record = Self.record(&json, id, &decoded, &recent) else { return false }
                            found.append(record)
                            return true
                        }
                }
                return isPlain && json.isAtEnd && found.count == ids.count
            }
        }
        guard let data else { return nil }
        outcomes = found.map { record in
            switch record {
            case .ok(let range, let keys): .ok(data[range], keys)
            case .dropped: .dropped
            }
        }
    }

    private static func record(
        _ json: inout PlainJSON, _ id: UnsafeBufferPointer<UInt8>, _ decoded: inout DecodedBytes,
        _ recent: inout RecentKeys
    ) -> Found? {
        var hasID = false
        var isOk: Bool?
        var data: Range<Int>?
        var keys: TransformationCall.Keys?
        let isPlain = json.object { json, name in
            if json.equals(name, "metadata") {
                return keys == nil
                    && json.object { json, name in
                        guard json.equals(name, "partitionKeys"), keys == nil else { return false }
                        keys = recent.read(&json)
                        return keys != nil
                    }
            }
            guard let value = json.string() else { return false }
            if json.equals(name, "data") {
                guard data == nil else { return false }
                data = decoded.append(json.bytes(value))
                return data != nil
            }
            if json.equals(name, "recordId") {
                hasID = json.bytes(value).equals(id)
                return hasID
            }
            guard json.equals(name, "result"), isOk == nil else { return false }
            isOk = json.equals(value, "Ok")
            return isOk == true || json.equals(value, "Dropped")
        }
        guard isPlain, hasID, let isOk else { return nil }
        guard isOk else { return .dropped }
        return data.map { .ok($0, keys ?? TransformationCall.Keys()) }
    }
}
