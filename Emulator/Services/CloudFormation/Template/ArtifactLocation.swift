internal import EmulatorCore
internal import JSON

/// Where something lies that a template names and does not hold: code, a definition, a nested template.
///
/// Before `aws cloudformation package` it is a path beside the template, afterwards an object of S3.
enum ArtifactLocation: Sendable, Hashable {
    case file(String)
    case object(ObjectLocation)

    /// - Parameters:
    ///   - value: a path, a URL of S3, or an object with `Bucket`, `Key` and perhaps `Version`, as the resource's type
    ///     spells them.
    ///   - template: the path or the URL of the template that says so.
    /// - Returns: nil for anything else.
    init?(_ value: JSON, in template: String) {
        if let text = value.string {
            if let object = ObjectLocation(url: text) {
                self = .object(object)
                return
            }
            let folder = template.lastIndex(of: "/").map { String(template[...$0]) } ?? ""
            self = .file(text.hasPrefix("/") ? text : folder + text)
            return
        }
        guard let object = ObjectLocation(packaged: value) else { return nil }
        self = .object(object)
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
