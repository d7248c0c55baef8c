internal import YAML

/// What the contract of a model says of how its table is built and shown.
public struct ModelLayout: Sendable, Hashable {
    /// A table in which a model looks up rows by their key: `dm_silver.address by address_id = billing_id`.
    public struct Lookup: Sendable, Hashable {
        public struct KeyColumn: Sendable, Hashable {
            /// The column of the table.
            public let name: String
            /// The column of the period inputs with the same values.
            public let source: String
        }

        public let table: String
        public let key: [KeyColumn]
    }

    /// A column by which people order the table.
    public struct RankedColumn: Sendable, Hashable {
        public let name: String
        public let isDescending: Bool
    }

    /// The columns whose values together name a period. A period is built as a whole, and alone if nothing else has changed.
    public let periods: [String]
    /// The tables whose rows of a period make the model's rows of the same period; they have the columns of ``periods``.
    public let periodInputs: [String]
    public let lookups: [Lookup]
    /// The order in which the first rows are shown; empty for a table that nobody asks for its first rows.
    public let ranking: [RankedColumn]
}

extension ModelLayout {
    init(noting contract: ContractKey, _ columns: [Contract.Column]) {
        func values(_ name: String) -> [ContractKey] {
            contract.noting { () throws(ContractError) in
                guard let key = try contract.customProperty(name) else { return [] }
                return key.node.sequence == nil ? [key] : try key.elements()
            } ?? []
        }
        func read<Value>(_ name: String, _ read: (ContractKey) throws(ContractError) -> Value) -> [Value] {
            values(name).compactMap { key in contract.noting { () throws(ContractError) in try read(key) } }
        }
        periods = read("periods") { (key) throws(ContractError) in try key.period(of: columns) }
        periodInputs = read("periodInputs") { (key) throws(ContractError) in try key.lakeTable(try key.string()) }
        lookups = read("lookups") { (key) throws(ContractError) in try key.lookup() }
        ranking = read("ranking") { (key) throws(ContractError) in try key.ranked(of: columns) }
        if let key = values("periods").first, periodInputs.isEmpty {
            key.faults.note(key.fault("name the tables whose rows make those of a period in periodInputs"))
        }
        for name in ["periodInputs", "lookups"] {
            guard let key = values(name).first, periods.isEmpty else { continue }
            key.faults.note(key.fault("without 'periods' it has no effect; name the columns of a period there"))
        }
    }
}

extension ContractKey {
    fileprivate func period(of columns: [Contract.Column]) throws(ContractError) -> String {
        let name = try string()
        guard let column = columns.first(where: { $0.name == name }) else {
            throw fault("the contract has no column \(name)")
        }
        switch column.type {
        case .boolean, .int8, .int16, .int32, .int64, .uint8, .uint16, .uint32, .string, .date: return name
        default: throw fault("\(name) is \(column.type); periods are named by numbers, text or dates")
        }
    }

    fileprivate func lakeTable(_ text: String) throws(ContractError) -> String {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 2, ["dm_silver", "dm_gold"].contains(parts[0]), Contract.isTableName(parts[1]) else {
            throw fault("'\(text)' is no table of silver or gold; write dm_silver.name or dm_gold.name")
        }
        return text
    }

    /// Reads `dm_silver.beer by beer_id` or `dm_silver.address by address_id = billing_id, country`.
    fileprivate func lookup() throws(ContractError) -> ModelLayout.Lookup {
        let words = try string().split(separator: " ", maxSplits: 2).map(String.init)
        guard words.count == 3, words[1] == "by" else {
            throw fault(
                "'\(try string())' is no lookup; write TABLE by COLUMN, or TABLE by COLUMN = COLUMN OF THE INPUT")
        }
        var key: [ModelLayout.Lookup.KeyColumn] = []
        for part in words[2].split(separator: ",", omittingEmptySubsequences: false) {
            let sides = part.split(separator: "=", omittingEmptySubsequences: false).map { $0.filter { $0 != " " } }
            guard (1...2).contains(sides.count), let name = sides.first, !name.isEmpty, sides.last?.isEmpty == false
            else { throw fault("'\(part)' is no column of a lookup; write COLUMN, or COLUMN = COLUMN OF THE INPUT") }
            key.append(.init(name: name, source: sides.last ?? name))
        }
        return ModelLayout.Lookup(table: try lakeTable(words[0]), key: key)
    }

    /// Reads `avg_rating desc` or `name`.
    fileprivate func ranked(of columns: [Contract.Column]) throws(ContractError) -> ModelLayout.RankedColumn {
        let words = try string().split(separator: " ").map(String.init)
        guard let name = words.first, columns.contains(where: { $0.name == name }) else {
            throw fault("the contract has no column \(words.first ?? "")")
        }
        guard words.count == 1 || words.count == 2 && ["asc", "desc"].contains(words[1].lowercased()) else {
            throw fault("'\(try string())' is no order; write COLUMN, COLUMN asc or COLUMN desc")
        }
        return ModelLayout.RankedColumn(name: name, isDescending: words.last?.lowercased() == "desc")
    }
}
