internal import JSON

/// Functions on objects.
extension JSONataLibrary {
    /// - Returns: nil when `name` is no function of this family.
    static func callOnObjects(
        _ name: String, _ arguments: Arguments, _ evaluator: JSONataEvaluator
    ) throws(JSONataFault) -> JSONataValue? {
        let first = arguments[0]
        switch name {
        case "keys":
            var names: [String] = []
            for object in first.asElements.compactMap(\.object) {
                for name in object.names where !names.contains(name) { names.append(name) }
            }
            return JSONataList(items: names.map { .string($0) }, isSequence: true).collapsed
        case "lookup": return JSONataEvaluator.lookUp(try arguments.text(1) ?? "", in: first)
        case "spread":
            guard first.elements != nil || first.object != nil else { return first }
            let objects = first.asElements.compactMap(\.object)
            let parts = objects.flatMap { object in
                object.map { JSONataValue.json(.object(JSONObject([($0.name, $0.value)]))) }
            }
            return JSONataList(items: parts, isSequence: true).collapsed
        case "merge":
            if first.isUndefined { return .undefined }
            var merged = JSONObject()
            for element in first.asElements {
                guard let object = element.object else {
                    throw JSONataFault("T0412", "Argument 1 of function \"merge\" must be an array of \"objects\"")
                }
                for (name, value) in object { merged[name] = value }
            }
            return .json(.object(merged))
        case "type": return first.isUndefined ? .undefined : .string(first.typeName)
        case "each", "sift": return try visit(name, arguments, evaluator)
        default: return nil
        }
    }

    private static func visit(
        _ name: String, _ arguments: Arguments, _ evaluator: JSONataEvaluator
    ) throws(JSONataFault) -> JSONataValue {
        if arguments[0].isUndefined { return .undefined }
        guard let object = arguments[0].object else { throw arguments.mismatch(0) }
        let function = try arguments.function(1)
        var results = JSONataList(items: [], isSequence: true)
        var kept = JSONObject()
        for (member, value) in object {
            let values: [JSONataValue] = [.json(value), .string(member), arguments[0]]
            let result = try evaluator.invoke(function, offered(values, to: function))
            if !result.isUndefined { results.items.append(result) }
            if result.isTruthy { kept[member] = value }
        }
        if name == "each" { return results.collapsed }
        return kept.isEmpty ? .undefined : .json(.object(kept))
    }
}
