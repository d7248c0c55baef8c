internal import EmulatorCore

/// The limits of an attribute's name.
enum AttributeName {
    /// In bytes; the name of a key attribute must be far shorter.
    static let lengthLimit = 65535
    static let keyLengths = 1...255

    static let tooLong =
        "One or more parameter values were invalid: Attribute name is too large, must be less than 65536 bytes"

    static func check(_ name: String) throws(DynamoDBFault) {
        if name.utf8.count > lengthLimit { throw .validation(tooLong) }
    }
}
