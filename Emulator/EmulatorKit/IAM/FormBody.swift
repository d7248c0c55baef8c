/// The parameters of an AWS query-protocol request, which come as a form.
/// - SeeAlso: <https://smithy.io/2.0/aws/protocols/aws-query-protocol.html>
struct FormBody {
    private var values: [String: String] = [:]

    init(_ bytes: [UInt8]) {
        for pair in String(decoding: bytes, as: UTF8.self).split(separator: "&") {
            let halves = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map { half in
                String(half.map { $0 == "+" ? " " : $0 }).percentDecoded ?? String(half)
            }
            values[halves[0]] = halves.count > 1 ? halves[1] : ""
        }
    }

    subscript(name: String) -> String? { values[name] }
}
