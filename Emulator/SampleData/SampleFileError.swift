/// Why a sample file could not be written.
package struct SampleFileError: Error, Sendable {
    /// Such as `cannot create`.
    package let attempt: String
    package let path: String
    /// `errno`.
    package let code: Int32

    init(_ attempt: String, _ path: String, _ code: Int32) {
        self.attempt = attempt
        self.path = path
        self.code = code
    }
}
