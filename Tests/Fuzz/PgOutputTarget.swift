import PostgresReplication

/// Any bytes are a message, whose every column can be read, or are refused; so is the message cut short, and a byte too many.
struct PgOutputTarget: FuzzTarget {
    func take(_ bytes: [UInt8]) throws {
        try bytes.withUnsafeBytes { bytes in
            _ = try? ReplicationFrame(bytes)
            for isInStream in [false, true] { try decode(bytes, isInStream) }
        }
    }

    private func decode(_ bytes: UnsafeRawBufferPointer, _ isInStream: Bool) throws {
        var decoder = PgOutputDecoder(isInStream: isInStream)
        guard let message = try? decoder.decode(bytes).message else { return }
        var length = 0
        switch message {
        case .insert(_, let new): length = read(new)
        case .update(_, let old, let new): length = (old.map { read($0.tuple) } ?? 0) + read(new)
        case .delete(_, let old): length = read(old.tuple)
        default: break
        }
        require(length <= bytes.count, "values of \(length) bytes in a message of \(bytes.count)")
        for count in [bytes.count - 1, bytes.count / 2] {
            var decoder = PgOutputDecoder(isInStream: isInStream)
            let isTaken = (try? decoder.decode(UnsafeRawBufferPointer(rebasing: bytes[..<count]))) != nil
            require(!isTaken, "\(count) of \(bytes.count) bytes are a message, too")
        }
    }

    /// The bytes of the values, each of which is copied.
    private func read(_ tuple: TupleData) -> Int {
        var values = tuple.values
        var copy: [UInt8] = []
        for _ in 0..<tuple.columnCount {
            if case .text(let text) = values.next() { copy += text }
        }
        return copy.count
    }
}
