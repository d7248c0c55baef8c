internal import EmulatorCore

/// A parsed PartiQL statement, whose parameters are bound.
/// - SeeAlso: <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ql-reference.html>
struct PartiQLStatement: Sendable {
    enum Work: Sendable {
        /// Nil paths select everything.
        case select([DocumentPath]?, index: String?, order: Order?)
        case insert(Item)
        case update(Update, Returning?)
        case delete(Returning?)
        /// `EXISTS(SELECT …)`, the condition of a transaction.
        case exists
    }

    struct Order: Sendable {
        var attribute: String
        var isDescending: Bool
    }

    /// A `RETURNING` clause.
    struct Returning: Sendable {
        /// Only the attributes that the statement names.
        var onlyModified: Bool
        var isNew: Bool

        var text: String { "RETURNING \(onlyModified ? "MODIFIED" : "ALL") \(isNew ? "NEW" : "OLD") *" }
    }

    var tableName: String
    var work: Work
    var condition: Condition?

    var isRead: Bool { if case .select = work { true } else { false } }

    var returning: Returning? {
        switch work {
        case .update(_, let returning), .delete(let returning): returning
        default: nil
        }
    }
}

extension Condition {
    /// The conditions that are joined with AND.
    var conjuncts: [Condition] {
        if case .and(let left, let right) = self { left.conjuncts + right.conjuncts } else { [self] }
    }

    /// The condition on a key attribute that this is, or nil.
    fileprivate var onKey: KeyCondition? {
        if case .or = self { return nil }
        return (try? KeyCondition.conditions(in: self))?.first
    }
}

extension PartiQLStatement {
    /// The conditions on the attributes of `keys` that must all hold, the first of each attribute.
    func keyConditions(_ keys: KeySchema) -> [KeyCondition] {
        var conditions: [KeyCondition] = []
        for case let found? in (condition?.conjuncts ?? []).map(\.onKey) where keys.has(found.attribute) {
            if !conditions.contains(where: { $0.attribute.hasSameBytes(as: found.attribute) }) {
                conditions.append(found)
            }
        }
        return conditions
    }

    /// The key of the only item that the condition can be true for; nil if it is not an equality on all key attributes.
    func key(in keys: KeySchema) -> Item? {
        var key = Item()
        for condition in keyConditions(keys) where condition.comparison == .equal {
            key[condition.attribute] = condition.values.first
        }
        return key.count == keys.keys.count ? key : nil
    }
}
