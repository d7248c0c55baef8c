#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// The environment variables of a function, read once at its start.
public struct Environment: Sendable {
    private let values: [String: String]

    public init(_ values: [String: String]) { self.values = values }

    /// The variables of this process.
    public static func process() -> Environment {
        var values: [String: String] = [:]
        var entry = environ
        while let text = entry.pointee {
            let assignment = String(cString: text)
            if let equals = assignment.firstIndex(of: "=") {
                values[String(assignment[..<equals])] = String(assignment[assignment.index(after: equals)...])
            }
            entry += 1
        }
        return Environment(values)
    }

    /// The value of the variable `name`; an empty value counts as none.
    public subscript(name: String) -> String? {
        values[name].flatMap { $0.isEmpty ? nil : $0 }
    }

    /// The value of the variable `name`.
    /// - Throws: ``EnvironmentError/missing(_:)`` when there is none.
    public func require(_ name: String) throws(EnvironmentError) -> String {
        guard let value = self[name] else { throw .missing(name) }
        return value
    }

    /// The variable `name` as a positive whole number, or `standard` when it is not set.
    /// - Throws: ``EnvironmentError/notPositive(_:value:)`` when it is set to anything else.
    public func count(_ name: String, default standard: Int) throws(EnvironmentError) -> Int {
        guard let text = self[name] else { return standard }
        guard let value = Int(text), value > 0 else { throw .notPositive(name, value: text) }
        return value
    }
}

/// What the environment lacks.
public enum EnvironmentError: LambdaFailure, Hashable, CustomStringConvertible {
    case missing(String)
    case notPositive(String, value: String)

    public var errorType: String { "Runtime.InvalidEnvironment" }

    public var description: String {
        switch self {
        case .missing(let name):
            "the environment variable \(name) is not set; set it in the function's configuration"
        case .notPositive(let name, let value):
            "the environment variable \(name) is \"\(value)\"; set it to a whole number above 0"
        }
    }
}
