internal import YAML

/// What a column or field says about masking: one of the ways, or `none` with a reason.
struct MaskingDeclaration {
    /// The value of `masking` for values that stay readable by decision.
    static let none = "none"

    var masking: Contract.Masking?
    /// Why the values stay readable: the custom property `maskingReason` beside `masking: none`.
    var reason: String?

    /// Whether it says nothing.
    var isEmpty: Bool { masking == nil && reason == nil }
}

extension ContractKey {
    /// The declaration of a property whose values have `type`; nil for a flattened object, which may only say `none`.
    func maskingDeclaration(of type: ColumnType?) throws(ContractError) -> MaskingDeclaration {
        let reason = try customProperty("maskingReason")
        guard let masking = try customProperty("masking") else {
            if let reason { throw reason.fault("'maskingReason' has no effect without 'masking: none'") }
            return MaskingDeclaration()
        }
        let word = try masking.string(oneOf: Contract.Masking.allCases.map(\.rawValue) + [MaskingDeclaration.none])
        guard let way = Contract.Masking(rawValue: word) else {
            guard let reason, let text = reason.node.string, text.contains(where: { !$0.isWhitespace }) else {
                throw masking.fault(
                    "'masking: none' needs the custom property 'maskingReason', which says why the values may stay "
                        + "readable")
            }
            return MaskingDeclaration(reason: text)
        }
        if let reason { throw reason.fault("'maskingReason' has no effect beside 'masking: \(word)'; remove it") }
        let name = node["name"]?.string ?? "the list's element"
        guard let type else { throw masking.fault("'\(name)' is flattened; mask its fields") }
        guard type.isText else {
            throw masking.fault(
                "only text columns can be masked, and '\(name)' is \(type); make it a string, or set 'masking: none' with a "
                    + "'maskingReason'")
        }
        return MaskingDeclaration(masking: way)
    }

    /// How text is masked that has a classification like `PII` and says nothing of masking; nil if it is not.
    ///
    /// Contracts from elsewhere say nothing of it, and their values must not become readable for that. A key is hashed: were it
    /// redacted, all rows would have one. Values of other types cannot be masked: ``checkMasking(around:isExempt:except:)``.
    /// - Parameter name: The path to the values, for the warning.
    func defaultMasking(of classification: String, _ name: String, _ type: ColumnType) -> Contract.Masking? {
        guard Classification.isSensitive(classification), type.isText else { return nil }
        let isKey = ["primaryKey", "unique", "partitioned"].contains { flag($0) }
        let how = isKey ? "hashed, for which conversion needs a masking key" : "redacted"
        faults.warn(
            (optional("classification") ?? self).fault(
                "'\(name)' is classified \(classification) and says nothing of masking, so its values are \(how); set the "
                    + "custom property 'masking' (hash, mask or redact), or 'masking: none' with a 'maskingReason'"))
        return isKey ? .hash : .redact
    }

    /// The classification of a property. JSON text whose declared fields are classified is classified like the first.
    var classification: String? {
        if let own = text("classification") { return own }
        guard isJSONText else { return nil }
        return fieldsInside.lazy.compactMap(\.classificationInside).first { !Classification.isOpen($0) }
    }

    private var classificationInside: String? {
        if let own = optional("classification")?.node.string, !Classification.isOpen(own) { return own }
        return fieldsInside.lazy.compactMap(\.classificationInside).first
    }

    /// Notes values with a classification like `PII` that are neither masked nor exempt with a reason. The contract can be read,
    /// but converts nothing until its author decides.
    ///
    /// - Parameters:
    ///   - around: The classification of the object or list around the property.
    ///   - isExempt: Whether a property around says `masking: none`.
    ///   - masked: The paths of the properties that are masked by default.
    func checkMasking(around: String? = nil, isExempt: Bool = false, except masked: Set<String>) {
        guard !masked.contains(path) else { return }
        let own = optional("classification")
        let classification = own?.node.string ?? around
        let masking = (try? customProperty("masking"))?.node.string
        let isDecided = isExempt || masking != nil
        guard !isJSONText, !fieldsInside.isEmpty else {
            let sensitive = [classification, self.classification].compactMap(\.self).first(
                where: Classification.isSensitive)
            guard let sensitive, !isDecided else { return }
            let name = node["name"]?.string ?? "the list's element"
            return faults.noteUndecided(
                (own ?? self).fault(
                    "'\(name)' is classified \(sensitive) and not masked, since only text can be, so no file is converted by "
                        + "this contract; make it a string with the custom property 'masking' (hash, mask or redact), or "
                        + "set 'masking: none' with a 'maskingReason'"))
        }
        for field in fieldsInside {
            field.checkMasking(
                around: classification, isExempt: isExempt || masking == MaskingDeclaration.none, except: masked)
        }
    }

    /// Whether the property is an object or array that is kept as JSON text.
    private var isJSONText: Bool { ["json", "jsonb"].contains(node["physicalType"]?.string?.lowercased() ?? "") }

    /// The fields of an object, or the element of an array.
    private var fieldsInside: [ContractKey] {
        ((try? optional("properties")?.elements()) ?? []) + [optional("items")].compactMap(\.self)
    }
}
