import Foundation
import TestReferee
import Testing

/// The cases and their verdicts, as the table in `Runtime/JSON/README.md` has them.
struct PolicyTable {
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let text: [UInt8]
        var testDescription: String { name }
    }

    /// A name, or its beginning and `*`, with what the table says about it.
    private var verdicts: [(pattern: Substring, isAccepted: Bool)] = []

    init() throws {
        let readme = try String(contentsOfFile: "\(Referee.packageRoot)/Runtime/JSON/README.md", encoding: .utf8)
        for line in readme.split(separator: "\n") where line.hasPrefix("| ") {
            let cells = line.split(separator: "|", omittingEmptySubsequences: false).dropFirst().dropLast()
            guard cells.count == 5 else { continue }
            for (cell, isAccepted) in [(cells[3], true), (cells[4], false)] where cell.contains("`") {
                let patterns = cell.split(separator: "`").filter { !$0.allSatisfy(\.isWhitespace) }
                verdicts += patterns.map { ($0, isAccepted) }
            }
        }
    }

    /// Whether the table accepts the case; nil unless exactly one of its patterns fits.
    func accepts(_ name: String) -> Bool? {
        let fitting = verdicts.filter { pattern, _ in
            pattern.last == "*" ? name.hasPrefix(pattern.dropLast()) : name == pattern
        }
        return fitting.count == 1 ? fitting[0].isAccepted : nil
    }

    /// The patterns that fit none of `cases`.
    func unused(by cases: [Case]) -> [Substring] {
        verdicts.map(\.pattern).filter { pattern in
            !cases.contains { pattern.last == "*" ? $0.name.hasPrefix(pattern.dropLast()) : $0.name == pattern }
        }
    }

    /// The public corpus; empty where it is missing, which fails.
    static let corpus = cases(in: "\(Referee.packageRoot)/../shared/conformance/json")
    static let own = cases(in: "\(Referee.packageRoot)/Tests/Fixtures/json")

    private static func cases(in folder: String) -> [Case] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return names.filter { $0.hasSuffix(".json") }.sorted().compactMap { name in
            FileManager.default.contents(atPath: "\(folder)/\(name)").map {
                Case(name: String(name.dropLast(".json".count)), text: Array($0))
            }
        }
    }
}
