package import JSON

extension JSON {
    /// A member that is neither missing nor null.
    package func present(_ name: String) -> JSON? {
        guard let value = self[name], !value.isNull else { return nil }
        return value
    }
}
