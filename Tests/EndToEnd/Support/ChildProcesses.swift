import Foundation

enum ChildProcesses {
    /// The processes that `parent` has started and that still run.
    static func of(_ parent: Int32) -> [(identifier: Int32, name: String)] {
        let entries = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return entries.compactMap { entry in
            guard let identifier = Int32(entry),
                let status = try? String(contentsOfFile: "/proc/\(entry)/status", encoding: .utf8),
                status.contains("PPid:\t\(parent)\n"),
                let name = status.split(separator: "\n").first?.split(separator: "\t").last
            else { return nil }
            return (identifier, String(name))
        }
    }
}
