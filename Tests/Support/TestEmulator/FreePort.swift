internal import Foundation

/// Ports for servers that are started again on the port that they had.
public enum FreePort {
    /// Below the range from which the system takes the ports of clients: one of those could have the server's port when it is
    /// started again.
    private static let range = 10_000..<32_768

    /// A port on the loopback interface that nobody uses now.
    public static func find() throws -> Int {
        for _ in 0..<1000 {
            let port = Int.random(in: range)
            if isFree(port) { return port }
        }
        throw Command.Failure(description: "no port from \(range.lowerBound) to \(range.upperBound - 1) is free")
    }

    private static func isFree(_ port: Int) -> Bool {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
    }
}
