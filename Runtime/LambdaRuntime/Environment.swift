#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// The environment variables of a function, read once when it starts.
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

    /// The value of the variable `name`; nil if it is missing or empty.
    public subscript(name: String) -> String? {
        values[name].flatMap { $0.isEmpty ? nil : $0 }
    }

    /// The value of the variable `name`.
    /// - Throws: ``EnvironmentError/missing(_:)`` if it is missing or empty.
    public func require(_ name: String) throws(EnvironmentError) -> String {
        guard let value = self[name] else { throw .missing(name) }
        return value
    }

    /// The file or folder that the variable `name` sets. Without it, `standard` beside the executable, or in
    /// Lambda's task root if that does not exist.
    public func path(_ name: String, default standard: String) -> String {
        if let path = self[name] { return path }
        let beside = Self.executableFolder.map { "\($0)/\(standard)" } ?? standard
        guard access(beside, R_OK) != 0, let taskRoot = self["LAMBDA_TASK_ROOT"] else { return beside }
        return "\(taskRoot)/\(standard)"
    }

    private static var executableFolder: String? {
        var path = [CChar](repeating: 0, count: Int(PATH_MAX))
        let length = readlink("/proc/self/exe", &path, path.count)
        guard length > 0 else { return nil }
        let bytes = path[..<length].map { UInt8(bitPattern: $0) }
        return bytes.lastIndex(of: UInt8(ascii: "/")).map { String(decoding: bytes[..<$0], as: UTF8.self) }
    }

    /// The variable `name` as a positive whole number; `standard` if it is not set.
    /// - Throws: ``EnvironmentError/notPositive(_:value:)`` if it is set to anything else.
    public func count(_ name: String, default standard: Int) throws(EnvironmentError) -> Int {
        try countIfSet(name) ?? standard
    }

    /// The variable `name` as a positive whole number; nil if it is not set.
    /// - Throws: ``EnvironmentError/notPositive(_:value:)`` if it is set to anything else.
    public func countIfSet(_ name: String) throws(EnvironmentError) -> Int? {
        guard let text = self[name] else { return nil }
        guard let value = Int(text), value > 0 else { throw .notPositive(name, value: text) }
        return value
    }
}

/// A missing or invalid environment variable.
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
