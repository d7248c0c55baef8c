/// A model's files.
struct ModelSource {
    /// `gold`
    let layer: String
    let table: String
    let sql: String
    let contract: String
    /// From which columns its columns come; nil if that is not written down.
    let lineage: String?

    /// `dm_gold.top_drinkers`
    var name: String { "dm_\(layer).\(table)" }

    /// - Parameter text: `dm_gold.top_drinkers`, or `gold.top_drinkers`.
    init(_ text: String, in folder: String) throws(CommandFailure) {
        (layer, table) = try Self.parts(text)
        let path = "\(folder)/\(layer)/\(table)"
        guard FileKind.of("\(path).sql") == .file else {
            let known = try Self.names(in: folder)
            throw .notFound(
                "there is no model \(text) in \(folder); there are \(known.isEmpty ? "none" : known.joined(separator: ", "))"
            )
        }
        sql = String(decoding: try FileContent.read("\(path).sql"), as: UTF8.self)
        contract = String(decoding: try FileContent.read("\(path).odcs.yaml"), as: UTF8.self)
        let place = "\(path).lineage.json"
        lineage = FileKind.of(place) == .file ? String(decoding: try FileContent.read(place), as: UTF8.self) : nil
    }

    /// The whole name of a model.
    static func name(_ text: String) throws(CommandFailure) -> String {
        let (layer, table) = try parts(text)
        return "dm_\(layer).\(table)"
    }

    private static func parts(_ text: String) throws(CommandFailure) -> (layer: String, table: String) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 2, !parts[1].isEmpty, !parts[1].contains("/"),
            let layer = ["silver", "gold"].first(where: { $0 == parts[0] || "dm_\($0)" == parts[0] })
        else { throw .usage("\(text) is no name of a model; expected one such as dm_gold.top_drinkers") }
        return (layer, String(parts[1]))
    }
}
