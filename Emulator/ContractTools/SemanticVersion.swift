/// A version of three numbers.
/// - SeeAlso: <https://semver.org/spec/v2.0.0.html>
public struct SemanticVersion: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// The part of the version that a change increments.
    public enum Step: Int, Sendable, Comparable, CaseIterable {
        case none, patch, minor, major

        public static func < (left: Step, right: Step) -> Bool { left.rawValue < right.rawValue }
    }

    public let major: Int
    public let minor: Int
    public let patch: Int

    public init(major: Int, minor: Int, patch: Int) {
        (self.major, self.minor, self.patch) = (major, minor, patch)
    }

    /// `1.2.3`, also `v1.2.3`, `1.2` and `1`; nil for anything else.
    public init?(_ text: String) {
        let parts = (text.hasPrefix("v") ? text.dropFirst() : text[...]).split(
            separator: ".", omittingEmptySubsequences: false)
        let numbers = parts.compactMap { $0.allSatisfy { $0.isASCII && $0.isNumber } ? Int($0) : nil }
        guard (1...3).contains(parts.count), numbers.count == parts.count else { return nil }
        let padded = numbers + [0, 0]
        self.init(major: padded[0], minor: padded[1], patch: padded[2])
    }

    public func next(_ step: Step) -> SemanticVersion {
        switch step {
        case .none: self
        case .patch: SemanticVersion(major: major, minor: minor, patch: patch + 1)
        case .minor: SemanticVersion(major: major, minor: minor + 1, patch: 0)
        case .major: SemanticVersion(major: major + 1, minor: 0, patch: 0)
        }
    }

    public var description: String { "\(major).\(minor).\(patch)" }

    public static func < (left: SemanticVersion, right: SemanticVersion) -> Bool {
        (left.major, left.minor, left.patch) < (right.major, right.minor, right.patch)
    }
}
