internal import JSON
internal import JSONata

/// Error names that a retrier or catcher answers for.
///
/// - SeeAlso: <https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html>
struct ErrorMatcher: Sendable, Equatable {
    let names: [String]

    /// `States.Runtime` ends the execution whatever is declared.
    func match(_ failure: ErrorOutput) -> Bool {
        guard failure.error != ErrorName.runtime else { return false }
        return names.contains { name in
            switch name {
            case ErrorName.all: true
            case ErrorName.taskFailed: failure.error != ErrorName.timeout
            default: name == failure.error || name == failure.alias
            }
        }
    }
}

/// How a failed state is tried again.
struct Retrier: Sendable, Equatable {
    let errors: ErrorMatcher
    let intervalInSeconds: Int
    let maxAttempts: Int
    let backoffRate: Double
    let maxDelayInSeconds: Int?
    let hasFullJitter: Bool

    /// How long to wait before the retry with this number, from 1.
    func delayInMilliseconds(before retry: Int, random: inout RandomSource) -> Int64 {
        var delay = Double(intervalInSeconds)
        var earlier = retry - 1
        while earlier > 0, delay < 1e9, backoffRate > 1 {
            delay *= backoffRate
            earlier -= 1
        }
        delay = min(delay, Double(maxDelayInSeconds ?? Self.longestDelayInSeconds), Double(Self.longestDelayInSeconds))
        let milliseconds = Int64(delay * 1000)
        return hasFullJitter && milliseconds > 0 ? Int64.random(in: 0...milliseconds, using: &random) : milliseconds
    }

    /// A year.
    fileprivate static let longestDelayInSeconds = 31_622_400
}

/// The state that follows a failed one when the error is expected.
struct Catcher: Sendable, Equatable {
    let errors: ErrorMatcher
    let next: String
    let resultPath: ResultPath
    let assign: Template?
    let output: Template?

    /// The input of the state that takes over; absent names and causes are null there.
    func errorOutput(for failure: ErrorOutput) -> JSON {
        [
            "Error": failure.error.map { .string($0) } ?? .null,
            "Cause": failure.cause.map { .string($0) } ?? .null,
        ]
    }
}

extension DefinitionReader {
    mutating func readRetriers(_ fields: Fields) -> [Retrier] {
        let items = list("Retry", in: fields)
        checkCatchAll(items)
        return items.map { item in
            let backoff = item.object["BackoffRate"]?.double
            if item.object["BackoffRate"] != nil, backoff == nil {
                report("Expected value of type Number", at: item, field: "BackoffRate")
            }
            if let backoff, backoff < 1 { report("Minimum value is 1.0", at: item, field: "BackoffRate") }
            let jitter = item.object["JitterStrategy"]?.string
            if let jitter, jitter != "FULL", jitter != "NONE" {
                report("Value is not valid. Valid values are: FULL, NONE", at: item, field: "JitterStrategy")
            }
            return Retrier(
                errors: readErrors(item),
                intervalInSeconds: integer("IntervalSeconds", in: item, atLeast: 1, atMost: Self.most) ?? 1,
                maxAttempts: integer("MaxAttempts", in: item, atLeast: 0, atMost: Self.most) ?? 3,
                backoffRate: backoff ?? 2,
                maxDelayInSeconds: integer(
                    "MaxDelaySeconds", in: item, atLeast: 1, atMost: Retrier.longestDelayInSeconds),
                hasFullJitter: jitter == "FULL")
        }
    }

    /// Of attempts, and of seconds before the first.
    private static let most = 99_999_999

    mutating func readCatchers(_ fields: Fields, language: QueryLanguage) -> [Catcher] {
        let items = list("Catch", in: fields)
        checkCatchAll(items)
        return items.map { item in
            for name in item.object.names { checkLanguage(of: name, at: item, language: language) }
            let next = string("Next", in: item)
            if let next { leads(to: next, at: item.at("Next")) } else { require(["Next"], in: item) }
            return Catcher(
                errors: readErrors(item), next: next ?? "",
                resultPath: readResultPath(item),
                assign: readAssign(item, language: language),
                output: language == .jsonata ? template("Output", in: item, language: language) : nil)
        }
    }

    /// `States.ALL` stands alone, and in the last retrier or catcher.
    private mutating func checkCatchAll(_ items: [Fields]) {
        for (position, item) in items.enumerated() {
            let names = item.object["ErrorEquals"]?.array ?? []
            guard names.contains(.string(ErrorName.all)) else { continue }
            if names.count > 1 {
                report("States.ALL must appear alone", at: item, field: "ErrorEquals")
            } else if position < items.count - 1 {
                report("States.ALL must appear at the end of the list", at: item, field: "ErrorEquals")
            }
        }
    }

    private mutating func readErrors(_ item: Fields) -> ErrorMatcher {
        if let names = item.object["ErrorEquals"]?.array, !names.allSatisfy({ $0.string != nil }) {
            report("Expected value of type String", at: item, field: "ErrorEquals")
        }
        guard let names = item.object["ErrorEquals"]?.array?.compactMap(\.string), !names.isEmpty else {
            if item.object["ErrorEquals"] == nil {
                require(["ErrorEquals"], in: item)
            } else if item.object["ErrorEquals"]?.array == nil {
                report("Expected value of type Array", at: item, field: "ErrorEquals")
            } else {
                report("Value cannot be empty", at: item, field: "ErrorEquals")
            }
            return ErrorMatcher(names: [])
        }
        return ErrorMatcher(names: names)
    }
}
