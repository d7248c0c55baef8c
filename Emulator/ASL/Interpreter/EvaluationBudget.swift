/// Steps that the expressions of one attempt at a state may take, all of them together.
///
/// A definition may hold thousands of expressions; this keeps the work between two commits of an execution bounded.
final class EvaluationBudget {
    private(set) var stepsUsed = 0
    private let limit: Int

    /// Four of the largest JSONata evaluations.
    static let stepsPerAttempt = 20_000_000

    init(limit: Int = EvaluationBudget.stepsPerAttempt) { self.limit = limit }

    var stepsLeft: Int { max(0, limit - stepsUsed) }

    func use(_ steps: Int) { stepsUsed += steps }
}
