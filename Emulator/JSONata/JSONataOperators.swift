internal import JSON

extension JSONataEvaluator {
    func evaluate(
        _ operation: JSONataOperator, _ leftNode: JSONataNode, _ rightNode: JSONataNode, _ input: JSONataValue,
        _ frame: JSONataFrame
    ) throws(JSONataFault) -> JSONataValue {
        let left = try evaluate(leftNode, input, frame)
        switch operation {
        case .and:
            guard try meter.isTruthy(left) else { return .bool(false) }
            return .bool(try meter.isTruthy(try evaluate(rightNode, input, frame)))
        case .or:
            if try meter.isTruthy(left) { return .bool(true) }
            return .bool(try meter.isTruthy(try evaluate(rightNode, input, frame)))
        case .elvis: return try meter.isTruthy(left) ? left : try evaluate(rightNode, input, frame)
        case .coalesce: return left.isUndefined ? try evaluate(rightNode, input, frame) : left
        default: break
        }
        let right = try evaluate(rightNode, input, frame)
        switch operation {
        case .equal, .notEqual:
            if left.isUndefined || right.isUndefined { return .bool(false) }
            return .bool(try meter.areEqual(left, right) == (operation == .equal))
        case .concatenate:
            let (head, tail) = (try meter.text(left), try meter.text(right))
            try meter.check(bytes: head.utf8.count + tail.utf8.count)
            return .string(head + tail)
        case .isIn:
            if left.isUndefined || right.isUndefined { return .bool(false) }
            for element in right.asElements where try meter.areEqual(element, left) { return .bool(true) }
            return .bool(false)
        case .range: return try range(left, right)
        case .less, .greater, .lessOrEqual, .greaterOrEqual: return try compare(operation, left, right)
        default: return try calculate(operation, left, right)
        }
    }

    private func calculate(
        _ operation: JSONataOperator, _ left: JSONataValue, _ right: JSONataValue
    ) throws(JSONataFault) -> JSONataValue {
        guard left.isUndefined || left.number != nil else {
            throw JSONataFault(
                "T2001", "The left side of the \"\(operation.rawValue)\" operator must evaluate to a number")
        }
        guard right.isUndefined || right.number != nil else {
            throw JSONataFault(
                "T2002", "The right side of the \"\(operation.rawValue)\" operator must evaluate to a number")
        }
        guard let left = left.number, let right = right.number else { return .undefined }
        let result =
            switch operation {
            case .add: left + right
            case .subtract: left - right
            case .multiply: left * right
            case .divide: left / right
            default: left.truncatingRemainder(dividingBy: right)
            }
        return .number(result == 0 ? 0 : result)
    }

    private func compare(
        _ operation: JSONataOperator, _ left: JSONataValue, _ right: JSONataValue
    ) throws(JSONataFault) -> JSONataValue {
        for side in [left, right] where !side.isUndefined && side.number == nil && side.string == nil {
            throw JSONataFault(
                "T2010",
                "The expressions either side of operator \"\(operation.rawValue)\" must evaluate to numeric or string "
                    + "values")
        }
        if left.isUndefined || right.isUndefined { return .undefined }
        guard let order = Self.order(left, right) else {
            throw JSONataFault(
                "T2009",
                "The values \(try meter.shown(left)) and \(try meter.shown(right)) either side of operator "
                    + "\"\(operation.rawValue)\" must be of the same data type")
        }
        return switch operation {
        case .less: .bool(order < 0)
        case .greater: .bool(order > 0)
        case .lessOrEqual: .bool(order <= 0)
        default: .bool(order >= 0)
        }
    }

    private func range(_ left: JSONataValue, _ right: JSONataValue) throws(JSONataFault) -> JSONataValue {
        func bound(_ value: JSONataValue, _ code: String, _ side: String) throws(JSONataFault) -> Int? {
            if value.isUndefined { return nil }
            guard let number = value.number, let bound = Int(exactly: number) else {
                throw JSONataFault(code, "The \(side) side of the range operator (..) must evaluate to an integer")
            }
            return bound
        }
        let lower = try bound(left, "T2003", "left")
        let upper = try bound(right, "T2004", "right")
        guard let lower, let upper, lower <= upper else { return .undefined }
        let size = Int128(upper) - Int128(lower) + 1
        guard size <= 10_000_000 else {
            throw JSONataFault(
                "D2014",
                "The size of the sequence allocated by the range operator (..) must not exceed 1e7. "
                    + "Attempted to allocate \(size).")
        }
        try meter.check(bytes: 8 * Int(size))
        return .list(try JSONataList((lower...upper).map { .double(Double($0)) }, isSequence: true, meter))
    }
}
