internal import YAML

/// The part of a contract that a custom property belongs to.
private enum CustomPropertyPlace {
    case contract
    case table
    case column
    /// Servers, roles, quality rules and so on, where none of Cupel's properties has an effect.
    case other

    /// The place of a key's value.
    func inside(_ key: String) -> CustomPropertyPlace {
        switch (self, key) {
        case (.contract, "schema"): .table
        case (.table, "properties"), (.column, "properties"), (.column, "items"): .column
        default: .other
        }
    }

    /// Values of these keys are free, so keys inside them are not the standard's.
    static let freeKeys: Set<String> = ["examples", "arguments", "implementation"]
}

/// The custom properties that Cupel reads, each with the only place where it has an effect.
private let knownProperties: [(name: String, place: CustomPropertyPlace)] = [
    ("quarantineRows", .contract), ("quarantineShare", .contract), ("personalData", .contract),
    ("encodings", .contract), ("sourceSchema", .contract), ("csvHeader", .contract), ("csvDelimiter", .contract),
    ("csvEscape", .contract), ("csvEncoding", .contract), ("csvSkipLines", .contract), ("csvComment", .contract),
    ("csvQuote", .contract), ("csvNull", .contract),
    ("silverMode", .contract), ("derived", .contract), ("silverPartition", .contract),
    ("immutablePartition", .contract), ("deletedRetention", .contract),
    ("periods", .contract), ("periodInputs", .contract), ("lookups", .contract), ("ranking", .contract),
    ("masking", .column), ("maskingReason", .column), ("layout", .column),
    ("fieldId", .column), ("validValues", .column), ("excessFraction", .column),
    ("numberFormat", .column),
]

extension ContractKey {
    /// Notes custom properties that would be ignored: Cupel's own in a place without effect, and names close to them,
    /// as errors; unknown names as warnings.
    func checkCustomProperties() { checkCustomProperties(in: .contract) }

    private func checkCustomProperties(in place: CustomPropertyPlace) {
        guard node.mapping != nil else {
            for element in (try? elements()) ?? [] { element.checkCustomProperties(in: place) }
            return
        }
        for (key, value) in members {
            if key == "customProperties" {
                noting { () throws(ContractError) in try value.checkProperties(in: place) }
            } else if !CustomPropertyPlace.freeKeys.contains(key) {
                value.checkCustomProperties(in: place.inside(key))
            }
        }
    }

    private func checkProperties(in place: CustomPropertyPlace) throws(ContractError) {
        var names: Set<String> = []
        for property in try elements() {
            property.noting { () throws(ContractError) in
                try property.expectKeys(["id", "property", "value", "description"])
                let key = try property.required("property")
                let name = try key.string()
                if let reason = Self.fault(of: name, in: place, isRepeated: !names.insert(name).inserted) {
                    throw key.fault(reason)
                }
                if !knownProperties.contains(where: { $0.name == name }) {
                    faults.warn(key.fault("Cupel does not know the custom property '\(name)', so it has no effect"))
                }
            }
        }
    }

    private static func fault(of name: String, in place: CustomPropertyPlace, isRepeated: Bool) -> String? {
        guard let known = knownProperties.first(where: { $0.name == name }) else {
            return closest(to: name, in: place).map {
                "unknown custom property '\(name)', which would have no effect; did you mean '\($0)'? Correct it, or "
                    + "choose a name that differs more"
            }
        }
        guard known.place == place else {
            let home = known.place == .contract ? "the contract, beside 'schema'" : "a column or field"
            return "'\(name)' has no effect here; move it to the customProperties of \(home)"
        }
        return isRepeated ? "'\(name)' is set twice; keep one" : nil
    }

    /// The known property that `name` is probably meant to be; nil if it resembles none.
    ///
    /// A contract from elsewhere has names of its own: a column's `encoding` is not the contract's `encodings`. What
    /// resembles masking is taken for it in any place.
    private static func closest(to name: String, in place: CustomPropertyPlace) -> String? {
        let reduced = reduced(name)
        let ranked = knownProperties.map {
            (name: $0.name, place: $0.place, distance: EditDistance.between(reduced, Self.reduced($0.name)))
        }.filter { $0.place == place || $0.distance == 0 || $0.name.hasPrefix("masking") }
        if let nearest = ranked.min(by: { $0.distance < $1.distance }),
            nearest.distance <= (nearest.name.count > 6 ? 2 : 1)
        {
            return nearest.name
        }
        // A mistake about masking shows personal data, so any word for it is taken for one.
        let words = [("mask", "masking"), ("quarantine", "quarantineRows")]
        return words.first { reduced.starts(with: Array($0.0.utf8)) }?.1
    }

    /// Lowercase letters and digits, so that `Masking`, `quarantine_rows` and `field-id` equal their right spelling.
    private static func reduced(_ name: String) -> [UInt8] {
        name.utf8.compactMap { byte in
            switch byte {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"): byte | 0x20
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), 0x80...: byte
            default: nil
            }
        }
    }
}
