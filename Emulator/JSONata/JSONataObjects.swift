internal import JSON

/// Functions on objects.
extension JSONataLibrary {
    /// - Returns: nil when `name` is not a function of this family.
    static func callOnObjects(
        _ name: String, _ arguments: Arguments, _ evaluator: JSONataEvaluator
    ) throws(JSONataFault) -> JSONataValue? {
        let first = arguments[0]
        switch name {
        case "keys":
            var names: [String] = []
            var known: Set<String> = []
            for object in first.asElements.compactMap(\.object) {
                try evaluator.meter.spend(object.count)
                for name in object.names where known.insert(name).inserted { names.append(name) }
            }
            return try JSONataList(names.map { .string($0) }, isSequence: true, evaluator.meter).collapsed
        case "lookup": return try evaluator.lookUp(try arguments.text(1) ?? "", in: first)
        case "spread":
            guard first.isArray || first.object != nil else { return first }
            let parts = spread(first)
            return try JSONataList(parts, isSequence: true, evaluator.meter).collapsed
        case "merge":
            if first.isUndefined { return .undefined }
            var merged = JSONObject()
            for element in first.asElements {
                guard let object = element.object else {
                    throw JSONataFault("T0412", "Argument 1 of function \"merge\" must be an array of \"objects\"")
                }
                try evaluator.meter.spend(object.count)
                for (name, value) in object { merged[name] = value }
            }
            return try evaluator.meter.object(merged)
        case "clone": return first
        case "type": return first.isUndefined ? .undefined : .string(first.typeName)
        case "each", "sift": return try visit(name, arguments, evaluator)
        default: return nil
        }
    }

    /// An object a member; what is neither array nor object stays.
    private static func spread(_ value: JSONataValue) -> [JSONataValue] {
        if value.isArray { return value.asElements.flatMap(spread) }
        guard let object = value.object else { return [value] }
        return object.map { .json(.object(JSONObject([($0.name, $0.value)]))) }
    }

    private static func visit(
        _ name: String, _ arguments: Arguments, _ evaluator: JSONataEvaluator
    ) throws(JSONataFault) -> JSONataValue {
        if arguments[0].isUndefined { return .undefined }
        guard let object = arguments[0].object else { throw arguments.mismatch(0) }
        let function = try arguments.function(1)
        var results: [JSONataValue] = []
        var kept = JSONObject()
        for (member, value) in object {
            let values: [JSONataValue] = [.json(value), .string(member), arguments[0]]
            let result = try evaluator.invoke(function, offered(values, to: function))
            if !result.isUndefined { results.append(result) }
            if try evaluator.meter.isTruthy(result) { kept[member] = value }
        }
        if name == "each" { return try JSONataList(results, isSequence: true, evaluator.meter).collapsed }
        return kept.isEmpty ? .undefined : .json(.object(kept))
    }
}
