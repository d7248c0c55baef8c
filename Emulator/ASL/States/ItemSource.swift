public import JSON

/// Items that the host of an execution reads from S3 itself, because they are in more than one text object: in a Parquet file,
/// in all objects under a prefix, or in the objects that a manifest names. The host answers the call with `Items`.
///
/// - SeeAlso: <https://docs.aws.amazon.com/step-functions/latest/dg/input-output-itemreader.html>
public struct ItemSource: Sendable, Equatable {
    /// What the parameters of the call name.
    public enum Subject: Sendable, Equatable {
        /// One object, which has the items.
        case object
        /// A prefix; all objects under it have items.
        case listing
        /// The list of the objects that Athena has unloaded, one location a line.
        case athenaManifest
        /// The `manifest.json` of an S3 Inventory.
        case inventory
    }

    public let subject: Subject
    /// The form of the objects that have items; an inventory says it itself.
    public let format: ItemFormat
}

/// The form of an object that has items.
public struct ItemFormat: Sendable, Equatable {
    public enum Kind: String, Sendable, Equatable {
        case csv = "CSV"
        case json = "JSON"
        case jsonLines = "JSONL"
        case parquet = "PARQUET"
    }

    public let kind: Kind
    /// The columns of a CSV without a header line; nil when its first line has them.
    public let headers: [String]?
    let delimiter: Character
    /// Where in a JSON object the list is, as a JSON Pointer.
    let pointer: [String]

    public init(_ kind: Kind, headers: [String]? = nil) {
        self.init(kind, headers: headers, delimiter: ",", pointer: [])
    }

    init(_ kind: Kind, headers: [String]?, delimiter: Character, pointer: [String]) {
        self.kind = kind
        self.headers = headers
        self.delimiter = delimiter
        self.pointer = pointer
    }

    /// The items in a text of any form but Parquet.
    /// - Throws: ``ItemFault``
    public func items(in text: String) throws(ItemFault) -> [JSON] {
        switch kind {
        case .csv: return try csvItems(text)
        case .json:
            guard case .array(let elements)? = (try? JSON(parsing: text))?.value(at: pointer) else {
                throw ItemFault("Attempting to map over non-iterable node.")
            }
            return elements
        case .jsonLines:
            var items: [JSON] = []
            for line in text.split(whereSeparator: \.isNewline) where !line.allSatisfy(\.isWhitespace) {
                guard let item = try? JSON(parsing: String(line)) else {
                    throw ItemFault("A line of the object is not JSON.")
                }
                items.append(item)
            }
            return items
        case .parquet: throw ItemFault("A Parquet file is no text.")
        }
    }

    /// Each row as an object of texts; fields past the headers are dropped, missing ones are empty.
    private func csvItems(_ text: String) throws(ItemFault) -> [JSON] {
        var rows = CSVRows(text, delimiter: delimiter).rows[...]
        guard let headers = headers ?? rows.popFirst() else { return [] }
        guard Set(headers).count == headers.count else { throw ItemFault("CSV headers cannot contain duplicates.") }
        return rows.map { row in
            .object(
                JSONObject(
                    headers.enumerated().map { ($1, .string($0 < row.count ? row[$0] : "")) }))
        }
    }
}

/// Why an object has no items that can be read: the cause of a `States.ItemReaderFailed`.
public struct ItemFault: Error, Sendable, Equatable {
    public let reason: String

    public init(_ reason: String) { self.reason = reason }
}

extension JSON {
    /// - SeeAlso: <https://www.rfc-editor.org/rfc/rfc6901>
    fileprivate func value(at pointer: [String]) -> JSON? {
        pointer.reduce(self) { value, name in value?[name] ?? Int(name).flatMap { value?[$0] } }
    }
}
