import Foundation
import FoundationNetworking
import TestEmulator

/// Requests without any AWS client.
enum RawHTTP {
    static let stageBucket = "cupel-dev-stage-000000000000-us-east-1"

    /// PutObject into the stage bucket.
    /// - Returns: whether the emulator answered 200; false if it does not answer.
    static func put(_ emulator: RunningEmulator, key: String, file: String) async -> Bool {
        guard let url = URL(string: "\(emulator.endpoint)/\(stageBucket)/\(key)"),
            let body = try? Data(contentsOf: URL(filePath: file))
        else { return false }
        var request = URLRequest(url: url, timeoutInterval: 600)
        request.httpMethod = "PUT"
        guard let (_, response) = try? await URLSession.shared.upload(for: request, from: body) else { return false }
        return (response as? HTTPURLResponse)?.statusCode == 200
    }
}
