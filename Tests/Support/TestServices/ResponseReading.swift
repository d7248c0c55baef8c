package import EmulatorCore
package import JSON

extension HTTPResponse {
    package var text: String {
        if case .bytes(let bytes) = body { String(decoding: bytes, as: UTF8.self) } else { "" }
    }

    package var json: JSON? { try? JSON(parsing: text) }
}
