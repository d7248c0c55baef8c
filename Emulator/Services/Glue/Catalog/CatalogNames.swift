internal import EmulatorCore

/// The names that the catalog accepts.
/// - SeeAlso: <https://docs.aws.amazon.com/glue/latest/webapi/API_DatabaseInput.html>
enum CatalogNames {
    /// - Parameter what: such as `database`.
    static func check(_ name: String, _ what: String) throws(AWSFault) {
        let isOneLine = !name.unicodeScalars.contains { $0.value < 0x20 || $0.value == 0x7F }
        guard (1...255).contains(name.utf8.count), isOneLine, !name.contains("/") else {
            throw AWSFault(
                "InvalidInputException",
                "1 validation error detected: the \(what)'s name must have 1 to 255 bytes, without control characters and slashes."
            )
        }
    }
}
