@testable import EmulatorServer

/// HTTP requests are read the same in whatever pieces they come, or are refused at the same place.
struct RequestTarget: FuzzTarget {
    func take(_ bytes: [UInt8]) {
        let whole = read(bytes, piece: max(bytes.count, 1))
        for piece in [1, 2, 3 + bytes.count % 11] {
            let pieces = read(bytes, piece: piece)
            require(pieces == whole, "pieces of \(piece): \(pieces), whole: \(whole)")
        }
    }

    private func read(_ bytes: [UInt8], piece: Int) -> [String] {
        var reader = RequestReader(headLimit: 512)
        var seen: [String] = []
        var body: [UInt8] = []
        for start in stride(from: 0, to: bytes.count, by: piece) {
            bytes[start..<min(start + piece, bytes.count)].withUnsafeBytes { reader.append($0) }
            do throws(MalformedRequest) {
                while let event = try reader.next() {
                    switch event {
                    case .head(let head):
                        require(!head.method.isEmpty && !head.target.contains(" "), "a request line without words")
                        seen.append("\(head)")
                    case .body(let piece):
                        require(!piece.isEmpty, "an empty piece")
                        body += piece
                    case .end:
                        seen.append("\(body)")
                        body = []
                    }
                }
            } catch {
                return seen + ["malformed after \(body)"]
            }
        }
        return seen + ["open after \(body)"]
    }
}
