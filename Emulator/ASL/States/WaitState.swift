internal import JSON
internal import Time

/// Delays the execution.
///
/// - SeeAlso: <https://docs.aws.amazon.com/step-functions/latest/dg/state-wait.html>
struct WaitState: Sendable {
    enum Duration: Sendable {
        case seconds(Int)
        case until(Timestamp)
        case secondsPath(JSONPath)
        case timestampPath(JSONPath)
        case secondsExpression(Expression)
        case timestampExpression(Expression)
    }

    let duration: Duration
}

extension DefinitionReader {
    private static let longestSeconds = 99_999_999

    mutating func readWait(_ fields: Fields, language: QueryLanguage) -> WaitState? {
        checkOnlyOne(of: ["Seconds", "SecondsPath", "Timestamp", "TimestampPath"], in: fields)
        if language == .jsonata {
            if let value = fields.object["Seconds"],
                let expression = jsonata(value, field: "Seconds", at: fields.at("Seconds"))
            {
                return WaitState(duration: .secondsExpression(expression))
            }
            if let value = fields.object["Timestamp"],
                let expression = jsonata(value, field: "Timestamp", at: fields.at("Timestamp"))
            {
                return WaitState(duration: .timestampExpression(expression))
            }
        }
        if fields.object["Seconds"] != nil {
            guard let seconds = integer("Seconds", in: fields, atLeast: 0) else { return nil }
            if seconds > Self.longestSeconds {
                report("Maximum value is \(Self.longestSeconds)", at: fields, field: "Seconds")
            }
            return WaitState(duration: .seconds(seconds))
        }
        if let text = string("Timestamp", in: fields) {
            guard let timestamp = Timestamp(rfc3339: text, upperCaseOnly: true) else {
                report("String does not match RFC3339 timestamp", at: fields, field: "Timestamp")
                return nil
            }
            return WaitState(duration: .until(timestamp))
        }
        if let path = path("SecondsPath", in: fields) { return WaitState(duration: .secondsPath(path)) }
        if let path = path("TimestampPath", in: fields) { return WaitState(duration: .timestampPath(path)) }
        report("Wait state requires one of: [Seconds, SecondsPath, Timestamp, TimestampPath]", at: fields)
        return nil
    }
}

extension Execution {
    mutating func runWait(_ wait: WaitState, in id: BranchID) {
        attempt(id) { (execution, _, scope) throws(ASLFault) in
            let end: Timestamp
            switch wait.duration {
            case .seconds(let seconds): end = execution.now.advanced(bySeconds: seconds)
            case .until(let timestamp): end = timestamp
            case .secondsPath(let path):
                end = execution.now.advanced(bySeconds: try Self.seconds(at: path, in: scope))
            case .timestampPath(let path): end = try Self.timestamp(at: path, in: scope)
            case .secondsExpression(let expression):
                let value = try expression.evaluate(in: &scope)
                guard let seconds = value.int, seconds >= 0 else {
                    throw .unexpectedResult(value, of: expression, expected: "non-negative integer")
                }
                end = execution.now.advanced(bySeconds: seconds)
            case .timestampExpression(let expression):
                let value = try expression.evaluate(in: &scope)
                guard let timestamp = value.string.flatMap({ Timestamp(rfc3339: $0, upperCaseOnly: true) }) else {
                    throw .query(
                        "The Timestamp field cannot be parsed as an ISO-8601 extended offset date-time format string: "
                            + value.plainText, at: "Timestamp")
                }
                end = timestamp
            }
            try execution.wait(id, until: end, scope: &scope)
        }
    }

    /// The longest wait that the service takes: 2^31 - 1 seconds.
    private static let longestWaitInSeconds: Int64 = 2_147_483_647

    private mutating func wait(_ id: BranchID, until end: Timestamp, scope: inout Scope) throws(ASLFault) {
        guard end.seconds - now.seconds <= Self.longestWaitInSeconds else {
            throw .runtime("Wait state delay is too long.")
        }
        if end > now {
            let timer = setTimer(.wait(id), at: end)
            branches[id]?.visit?.pending = .timer(timer)
        } else {
            try leave(id, with: .input(scope.input), scope: &scope)
        }
    }

    mutating func waitEnded(_ id: BranchID) {
        attempt(id) { (execution, visit, scope) throws(ASLFault) in
            try execution.leave(id, with: .input(visit.effectiveInput), scope: &scope)
        }
    }

    private static func seconds(at path: JSONPath, in scope: Scope) throws(ASLFault) -> Int {
        guard let value = try? scope.value(at: path) else {
            throw .runtime("The SecondsPath parameter does not reference an input value: \(path.text)")
        }
        guard let seconds = value.int ?? value.string.flatMap({ Int($0) }) else {
            throw .runtime(
                "The SecondsPath parameter cannot be parsed as a long value: \(path.text) == \(value.plainText)")
        }
        guard seconds >= 0 else {
            throw .runtime(
                "The SecondsPath parameter references a negative value: \(path.text) == \(value.plainText)")
        }
        return seconds
    }

    private static func timestamp(at path: JSONPath, in scope: Scope) throws(ASLFault) -> Timestamp {
        guard let value = try? scope.value(at: path) else {
            throw .runtime("The TimestampPath parameter does not reference an input value: \(path.text)")
        }
        guard let timestamp = value.string.flatMap({ Timestamp(rfc3339: $0, upperCaseOnly: true) }) else {
            throw .runtime(
                "The TimestampPath parameter does not reference a valid ISO-8601 extended offset date-time format "
                    + "string: \(path.text) == \(value.plainText)")
        }
        return timestamp
    }
}

extension JSON {
    /// A string without its quotes, anything else as JSON.
    var plainText: String { string ?? text }
}
