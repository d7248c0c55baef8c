/// Why a policy document is refused: what is wrong with which element.
package struct PolicyError: Error, Sendable, Hashable, CustomStringConvertible {
    package let reason: String

    init(_ reason: String) { self.reason = reason }

    package var description: String { reason }
}
