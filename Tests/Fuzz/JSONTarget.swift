import JSON

/// What was parsed can be written, and what was written parses to the same value.
struct JSONTarget: FuzzTarget {
    func take(_ bytes: [UInt8]) throws {
        let value: JSON
        do throws(JSONError) {
            value = try JSON(parsing: bytes)
        } catch {
            return require((0...bytes.count).contains(error.byte), "byte \(error.byte) of \(bytes.count)")
        }
        let written = value.bytes
        let again = try JSON(parsing: written)
        require(again == value, "\(String(decoding: written, as: UTF8.self)) is another value")
        require(again.bytes == written, "writing it a second time gives other bytes")
    }
}
