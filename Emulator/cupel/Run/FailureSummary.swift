internal import Control

/// The failures of many files, by their cause: one file of each in full, and the names of the others.
struct FailureSummary {
    private struct Cause {
        let name: String
        var files: [Ingestion]
    }

    private let causes: [Cause]
    private let fileCount: Int
    private let failureCount: Int
    private let lakeBucket: String
    /// The folder in which all of them are, with its slash; empty if they are in several.
    private let folder: String

    /// So many names are shown.
    static let shownNames = 100
    private static let width = 80

    /// - Parameter fileCount: of how many files these are the failures.
    init(_ failures: [Ingestion], of fileCount: Int, lakeBucket: String) {
        var causes: [Cause] = []
        var positions: [String: Int] = [:]
        for failure in failures {
            let name = failure.record.map { $0.errorType ?? "still \($0.status.rawValue)" } ?? "not uploaded"
            if let position = positions[name] {
                causes[position].files.append(failure)
            } else {
                positions[name] = causes.count
                causes.append(Cause(name: name, files: [failure]))
            }
        }
        // The most frequent first; of two, the one that came first.
        self.causes = causes.enumerated().sorted {
            ($1.element.files.count, $0.offset) < ($0.element.files.count, $1.offset)
        }
        .map(\.element)
        let folders = Set(failures.map { Self.folder(of: $0.file.path) })
        folder = folders.count == 1 ? folders.first ?? "" : ""
        failureCount = failures.count
        self.fileCount = fileCount
        self.lakeBucket = lakeBucket
    }

    private static func folder(of path: String) -> String {
        path.lastIndex(of: "/").map { String(path[...$0]) } ?? ""
    }

    /// At most 80 columns wide, unless a name is longer.
    /// - Parameter options: the options that locate the pipeline, each after a space.
    func lines(options: String) -> [String] {
        var lines = ["", "\(Quantity.count(failureCount)) of \(Quantity.count(fileCount)) files failed:"]
        var left = Self.shownNames
        for cause in causes where left > 0 {
            guard let first = cause.files.first else { continue }
            let others = cause.files.dropFirst().prefix(left - 1)
            left -= 1 + others.count
            lines += [
                "",
                "  \(cause.name): \(Quantity.count(cause.files.count)) \(cause.files.count == 1 ? "file" : "files")",
            ]
            lines += ["  \(first.file.path)"]
            lines += Self.indented(reason(of: first, without: cause.name))
            if let key = first.record?.quarantineKey { lines.append("    bad rows: s3://\(lakeBucket)/\(key)") }
            guard !others.isEmpty else { continue }
            let names = others.map { String($0.file.path.dropFirst(folder.count)) }
            let hidden = cause.files.count - 1 - others.count
            let rest = hidden > 0 ? ", and \(Quantity.count(hidden)) more" : ""
            lines += Self.indented("likewise: " + names.joined(separator: ", ") + rest)
        }
        if failureCount > Self.shownNames - left {
            lines += ["", "To see all of them:", "  cupel status\(options) --status error --limit \(failureCount)"]
        }
        return lines
    }

    /// Why the file failed, whose cause was said before.
    private func reason(of failure: Ingestion, without cause: String) -> String {
        let reason = failure.failure ?? "it neither succeeded nor failed in time"
        return reason.hasPrefix("\(cause): ") ? String(reason.dropFirst(cause.count + 2)) : reason
    }

    private static func indented(_ text: String) -> [String] {
        TextTable.wrapped(text, to: width - 4).map { "    \($0)" }
    }
}
