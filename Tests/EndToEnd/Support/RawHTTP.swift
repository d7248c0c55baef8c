import Foundation
import FoundationNetworking
import TestEmulator

/// Requests without any AWS client.
enum RawHTTP {
    static let stageBucket = "cupel-dev-stage-000000000000-us-east-1"

    /// PutObject into the stage bucket.
    /// - Returns: whether the emulator answered 200; false if it does not answer.
    static func put(_ emulator: RunningEmulator, key: String, file: String) async -> Bool {
        guard let body = try? Data(contentsOf: URL(filePath: file)) else { return false }
        return await put(emulator, key: key, body: body)
    }

    static func put(_ emulator: RunningEmulator, key: String, body: Data) async -> Bool {
        guard let url = URL(string: "\(emulator.endpoint)/\(stageBucket)/\(key)") else { return false }
        var request = URLRequest(url: url, timeoutInterval: 600)
        request.httpMethod = "PUT"
        guard let (_, response) = try? await URLSession.shared.upload(for: request, from: body) else { return false }
        return (response as? HTTPURLResponse)?.statusCode == 200
    }

    /// GetObject in the stage bucket.
    /// - Returns: nil if there is none.
    static func get(_ emulator: RunningEmulator, key: String) async -> Data? {
        guard let url = URL(string: "\(emulator.endpoint)/\(stageBucket)/\(key)"),
            let (data, response) = try? await URLSession.shared.data(from: url)
        else { return nil }
        return (response as? HTTPURLResponse)?.statusCode == 200 ? data : nil
    }

    /// DeleteObject in the stage bucket.
    /// - Returns: the status; nil if the emulator does not answer.
    static func delete(_ emulator: RunningEmulator, key: String) async -> Int? {
        guard let url = URL(string: "\(emulator.endpoint)/\(stageBucket)/\(key)") else { return nil }
        var request = URLRequest(url: url, timeoutInterval: 10)
        request.httpMethod = "DELETE"
        guard let (_, response) = try? await URLSession.shared.data(for: request) else { return nil }
        return (response as? HTTPURLResponse)?.statusCode
    }
}
