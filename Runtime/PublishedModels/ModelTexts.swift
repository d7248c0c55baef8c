internal import Digest
public import JSON

/// The texts that make a model: its statement, its contract, and from which columns its columns come.
public struct ModelTexts: Sendable, Hashable {
    public let sql: String
    public let contract: String
    /// `infra/model lineage` writes it; nil if it is not known.
    public let lineage: String?

    public init(sql: String, contract: String, lineage: String?) {
        self.sql = sql
        self.contract = contract
        self.lineage = lineage
    }

    /// Nil if it is none.
    public init?(_ json: JSON) {
        guard let sql = json["sql"]?.string, let contract = json["contract"]?.string else { return nil }
        self.init(sql: sql, contract: contract, lineage: json["lineage"]?.string)
    }

    /// The object that is published.
    public var bytes: [UInt8] {
        var object: JSONObject = ["sql": .string(sql), "contract": .string(contract)]
        object["lineage"] = lineage.map(JSON.string)
        return JSON.object(object).bytes
    }

    /// The SHA-256 of ``bytes``, in hexadecimal, under which the model is published.
    public var hash: String { Digest.sha256(bytes).hexadecimal }
}
