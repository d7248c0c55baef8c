internal import Control

/// The failures of many files, by their cause: one file of each in full, and the names of the others.
struct FailureSummary {
    private struct Cause {
        let name: String
        /// Why the first file failed.
        let reason: String
        var files: [Ingestion]
    }

    private let causes: [Cause]
    private let fileCount: Int
    private let failureCount: Int
    private let lakeBucket: String
    /// The folder in which all of them are, with its slash; empty if they are in several.
    private let folder: String

    /// So many names and so many causes are shown.
    static let shownNames = 100
    static let shownCauses = 12
    private static let width = 80

    /// - Parameter fileCount: of how many files these are the failures.
    init(_ failures: [Ingestion], of fileCount: Int, lakeBucket: String) {
        var causes: [Cause] = []
        var positions: [String: Int] = [:]
        for failure in failures {
            let name = failure.record.map { $0.errorType ?? "still \($0.status.rawValue)" } ?? "not uploaded"
            let reason = Self.reason(of: failure, without: name)
            let key = "\(name) \(Self.withoutValues(reason))"
            if let position = positions[key] {
                causes[position].files.append(failure)
            } else {
                positions[key] = causes.count
                causes.append(Cause(name: name, reason: reason, files: [failure]))
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
        for cause in causes.prefix(Self.shownCauses) where left > 0 {
            guard let first = cause.files.first else { continue }
            let others = cause.files.dropFirst().prefix(left - 1)
            left -= 1 + others.count
            lines += [
                "",
                "  \(cause.name): \(Quantity.count(cause.files.count)) \(cause.files.count == 1 ? "file" : "files")",
            ]
            lines += ["  \(first.file.path)"]
            lines += Self.indented(cause.reason)
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

    /// Why the file failed, whose cause and name are said before.
    private static func reason(of failure: Ingestion, without cause: String) -> String {
        var reason = (failure.failure ?? "it neither succeeded nor failed in time")[...]
        let object = failure.record.map { "s3://\($0.bucket)/\($0.objectKey)" } ?? ""
        for known in [cause, object] where reason.hasPrefix("\(known): ") {
            reason = reason.dropFirst(known.count + 2)
        }
        return String(reason)
    }

    /// The reason without numbers and what stands in quotes, in which files with the same fault differ.
    private static func withoutValues(_ reason: String) -> String {
        var text = ""
        var quote: Character?
        for character in reason {
            if character == quote {
                quote = nil
            } else if quote == nil, "'\"".contains(character), text.last == " " {
                quote = character
            } else if quote == nil, !character.isNumber {
                text.append(character)
            }
        }
        return text
    }

    private static func indented(_ text: String) -> [String] {
        TextTable.wrapped(text, to: width - 4).map { "    \($0)" }
    }
}
