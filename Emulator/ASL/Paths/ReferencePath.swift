internal import JSON

/// A path that names exactly one place, where a result can be put.
///
/// - SeeAlso: <https://states-language.net/spec.html#ref-paths>
struct ReferencePath: Sendable, Equatable {
    let path: JSONPath

    /// - Returns: nil when the path could name several places, or starts from something other than the input.
    init?(_ path: JSONPath) {
        guard path.isReference, path.root == .input else { return nil }
        self.path = path
    }

    var isWhole: Bool { path.steps.isEmpty }

    /// `document` with `value` put at this place; objects on the way are made where they are missing.
    /// - Throws: States.ResultPathMatchFailure when the way leads through a value that cannot hold it.
    func put(_ value: JSON, into document: JSON) throws(ASLFault) -> JSON {
        try put(value, into: document, steps: path.steps[...])
    }

    private func put(
        _ value: JSON, into node: JSON?, steps: ArraySlice<JSONPath.Step>
    ) throws(ASLFault) -> JSON {
        guard let step = steps.first else { return value }
        switch (step, node) {
        case (.name(let name), .object(var object)):
            object[name] = try put(value, into: object[name], steps: steps.dropFirst())
            return .object(object)
        case (.name(let name), nil), (.name(let name), .null):
            var object = JSONObject()
            object[name] = try put(value, into: nil, steps: steps.dropFirst())
            return .object(object)
        case (.index(let index), .array(var elements)) where elements.indices.contains(index):
            elements[index] = try put(value, into: elements[index], steps: steps.dropFirst())
            return .array(elements)
        default:
            throw ASLFault(
                error: ErrorName.resultPathMatchFailure,
                message: "Unable to apply ReferencePath \(path.text) to input \((node ?? .null).text)")
        }
    }
}
