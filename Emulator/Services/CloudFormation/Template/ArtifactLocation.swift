internal import EmulatorCore
internal import JSON

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Musl
#endif

/// Where something lies that a template names and does not hold: code, a definition, a nested template.
///
/// Before `aws cloudformation package` it is a path beside the template, afterwards an S3 object.
enum ArtifactLocation: Sendable, Hashable {
    case file(String)
    case object(ObjectLocation)

    /// Stands for the path of a template that came with a request.
    static let templateBody = "TemplateBody"

    /// - Parameters:
    ///   - value: a path, a URL of S3, or an object with `Bucket`, `Key` and perhaps `Version`, as the resource's type
    ///     spells them.
    ///   - template: the path or the URL of the template that says so.
    /// - Returns: nil for anything else, and for a path in a template that is not a file itself: a request must not name
    ///   the machine's files.
    init?(_ value: JSON, in template: String) {
        if let text = value.string {
            if let object = ObjectLocation(url: text) {
                self = .object(object)
                return
            }
            guard template != Self.templateBody, ObjectLocation(url: template) == nil else { return nil }
            self = .file(text.hasPrefix("/") ? text : Self.folder(of: template) + text)
            return
        }
        guard let object = ObjectLocation(packaged: value) else { return nil }
        self = .object(object)
    }

    /// Whether a nested template is an object, or a file below the folder of the template that nests it.
    func isNestable(in template: String) -> Bool {
        guard case .file(let path) = self else { return true }
        let folder = Self.folder(of: template)
        guard path.hasPrefix(folder), !path.dropFirst(folder.count).hasPrefix("/"),
            !path.dropFirst(folder.count).split(separator: "/").contains("..")
        else { return false }
        // A file that is missing is reported when it is read.
        guard let file = Self.resolved(path), let root = Self.resolved(folder.isEmpty ? "." : folder) else {
            return true
        }
        return file.hasPrefix(root == "/" ? root : root + "/")
    }

    private static func folder(of template: String) -> String {
        template.lastIndex(of: "/").map { String(template[...$0]) } ?? ""
    }

    /// A path without symbolic links; nil if there is no such file.
    private static func resolved(_ path: String) -> String? {
        guard let resolved = realpath(path, nil) else { return nil }
        defer { free(resolved) }
        return String(cString: resolved)
    }

    func contents(_ objects: (any ObjectStore)?) throws -> [UInt8] {
        switch self {
        case .file(let path): return try FileBytes.contents(of: path)
        case .object(let object):
            guard let objects else { throw AWSFault.notEmulated("Reading s3://\(object.bucket)/\(object.key) here") }
            return try objects.contents(of: object)
        }
    }
}
