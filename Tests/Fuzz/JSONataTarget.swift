import JSON

@testable import JSONata

/// An expression, a zero byte, and a document: it is refused, or gives a value within its limits, and the same one again.
struct JSONataTarget: FuzzTarget {
    private static let limits = JSONataLimits(steps: 20_000, bytes: 200_000, depth: 60)

    func take(_ bytes: [UInt8]) throws {
        let parts = bytes.split(separator: 0, maxSplits: 1, omittingEmptySubsequences: false)
        guard let expression = try? JSONataExpression(String(decoding: parts[0], as: UTF8.self)) else { return }
        let document = parts.count == 2 ? (try? JSON(parsing: Array(parts[1]))) ?? [:] : [:]
        let first = value(of: expression, document)
        require(first == value(of: expression, document), "another value the second time")
        if let first { require((try? JSON(parsing: first)) != nil, "a value that cannot be read back: \(first)") }
    }

    private func value(of expression: JSONataExpression, _ document: JSON) -> String? {
        var random = RandomSource(seed: 7)
        let result = try? expression.evaluate(
            bindings: ["d": document], random: &random, now: 1_800_000_000_000, limits: Self.limits)
        if case .json(let value)? = result { return value.text }
        return nil
    }
}
