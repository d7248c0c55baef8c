internal import EmulatorCore
internal import JSON

/// The location of an artifact that a template refers to: code, a definition, or a nested template.
///
/// Before `aws cloudformation package` it is a path beside the template, afterwards an S3 object.
enum ArtifactLocation: Sendable, Hashable {
    case file(String)
    case object(ObjectLocation)

    /// - Parameters:
    ///   - value: a path, an S3 URL, or an object with the bucket, the key and perhaps the version, under the resource
    ///     type's names.
    ///   - template: the path or URL of the template.
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
