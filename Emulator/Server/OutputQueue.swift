internal import CSockets

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Musl
#endif

/// Bytes that a socket has not taken yet.
struct OutputQueue {
    enum Progress {
        case done
        /// The socket takes no more now.
        case full
        case failed
    }

    private var pieces: [[UInt8]] = []
    /// How much of the first piece the socket has.
    private var sent = 0

    var isEmpty: Bool { pieces.isEmpty }

    /// - Parameter joined: whether the bytes go with the piece before, in one call of the kernel.
    mutating func append(_ bytes: [UInt8], joined: Bool = false) {
        if joined, !pieces.isEmpty { pieces[pieces.count - 1] += bytes } else { pieces.append(bytes) }
    }

    mutating func removeAll() {
        pieces = []
        sent = 0
    }

    /// Sends what the socket takes.
    /// - Parameter isLast: false if more follows at once, with which the kernel may join the last bytes.
    mutating func send(to socket: Int32, isLast: Bool) -> Progress {
        var first = 0
        while first < pieces.count {
            let hasMore = !isLast || first + 1 < pieces.count
            let count = pieces[first][sent...].withUnsafeBytes {
                cupel_send(socket, $0.baseAddress, UInt($0.count), hasMore ? 1 : 0)
            }
            if count < 0 {
                if errno == EINTR { continue }
                guard errno == EAGAIN else { return .failed }
                pieces.removeFirst(first)
                return .full
            }
            sent += count
            if sent == pieces[first].count {
                first += 1
                sent = 0
            }
        }
        pieces.removeAll(keepingCapacity: true)
        return .done
    }
}
