// A function for `provided.al2023` in Swift: a loop of the Runtime API with Foundation's URLSession.
import Foundation

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

let base = "http://\(ProcessInfo.processInfo.environment["AWS_LAMBDA_RUNTIME_API"] ?? "")/2018-06-01/runtime/invocation"
let session = URLSession(configuration: .ephemeral)

struct Event: Decodable { let greeting: String }
struct Answer: Encodable { let shouted: String }

guard let next = URL(string: "\(base)/next") else { fatalError("AWS_LAMBDA_RUNTIME_API is not an address") }
while true {
    var request = URLRequest(url: next)
    // An idle function waits for its next event as long as it takes.
    request.timeoutInterval = 86_400
    let (event, head) = try await session.data(for: request)
    guard let id = (head as? HTTPURLResponse)?.value(forHTTPHeaderField: "Lambda-Runtime-Aws-Request-Id"),
        let answerURL = URL(string: "\(base)/\(id)/response")
    else { continue }
    var answer = URLRequest(url: answerURL)
    answer.httpMethod = "POST"
    let greeting = try JSONDecoder().decode(Event.self, from: event).greeting
    _ = try await session.upload(for: answer, from: try JSONEncoder().encode(Answer(shouted: greeting.uppercased())))
}
