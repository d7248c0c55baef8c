internal import Iceberg
internal import JSON

/// What a table was built from: the model's text and contract, and the snapshots of its inputs.
struct BuildSource: Sendable, Hashable {
    let model: String
    /// The ids of the inputs' snapshots, by the inputs' names.
    let snapshots: [String: String]

    /// The entry of a snapshot's summary, and the property of a table, that have it.
    private static let summaryEntry = "cupel.model"
    private static let property = "cupel.checked"

    init(_ model: Model, _ inputs: [TableVersion]) {
        self.model = model.hash
        snapshots = Dictionary(inputs.map { ("\($0.name)", "\($0.snapshot.id)") }) { first, _ in first }
    }

    /// What the current rows of a table equal: what they were built from, or inputs that were found to give the same since; nil
    /// if another engine made them. A snapshot that only joins files need not repeat it.
    init?(of metadata: TableMetadata) {
        let same = metadata.snapshotsWithCurrentRows
        if let checked = metadata.properties[Self.property].flatMap({ try? JSON(parsing: $0) }),
            let id = checked["snapshot"]?.string, same.contains(where: { "\($0.id)" == id }),
            let source = checked["source"]
        {
            self.init(source)
        } else if let text = same.lazy.compactMap({ $0.summary[Self.summaryEntry] }).first,
            let source = try? JSON(parsing: text)
        {
            self.init(source)
        } else {
            return nil
        }
    }

    private init?(_ json: JSON) {
        guard let model = json["model"]?.string, let inputs = json["inputs"]?.object else { return nil }
        self.model = model
        snapshots = Dictionary(inputs.map { ($0.name, $0.value.string ?? "") }) { first, _ in first }
    }

    private var json: JSON {
        let inputs = snapshots.sorted { $0.key < $1.key }.map { ($0.key, JSON.string($0.value)) }
        return ["model": .string(model), "inputs": .object(JSONObject(inputs))]
    }

    /// For the summary of a snapshot that is built from it.
    var summary: [String: String] { [Self.summaryEntry: json.text] }

    /// For the properties of a table whose current snapshot needs no other rows.
    func properties(confirming snapshot: Snapshot) -> [String: String] {
        [Self.property: JSON.object(["snapshot": .string("\(snapshot.id)"), "source": json]).text]
    }
}
