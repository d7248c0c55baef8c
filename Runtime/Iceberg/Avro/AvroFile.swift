internal import CZlib
internal import JSON

/// An Avro object container file: its metadata, its schema and its records.
/// - SeeAlso: <https://avro.apache.org/docs/1.12.0/specification/#object-container-files>
public struct AvroFile: Sendable {
    /// The fields of each record.
    public let fields: [AvroSchema.Field]
    /// The file's metadata without Avro's own, such as Iceberg's `partition-spec`.
    public let metadata: [String: String]
    public let records: [[AvroValue]]

    /// Reads a file whose blocks are as they are or deflated, which are the codecs that every writer of Iceberg has.
    public init(_ bytes: [UInt8]) throws(IcebergError) {
        var container = try AvroContainer(bytes)
        let schema = AvroSchema.record(container.fields)
        var records: [[AvroValue]] = []
        while var block = try container.nextBlock() {
            for _ in 0..<block.count {
                guard case .record(let values) = try block.decoder.read(schema) else { break }
                records.append(values)
            }
            try block.checkEnd()
        }
        fields = container.fields
        metadata = container.metadata.filter { !$0.key.hasPrefix("avro.") }
        self.records = records
    }

    /// The bytes of a file with `records` in one block.
    /// - Parameters:
    ///   - schema: of a record.
    ///   - sync: the mark after each block; derived from the content where the same content must give the same bytes.
    static func bytes(
        schema: JSON, metadata: [(String, String)], records: [AvroValue], sync: [UInt8]
    ) throws(IcebergError) -> [UInt8] {
        try AvroContainer.bytes(schema: schema, metadata: metadata, recordCount: records.count, sync: sync) {
            block, parsed in
            for record in records { block.write(record, parsed) }
        }
    }
}

/// An object container file, whose blocks of records are read one by one.
struct AvroContainer {
    /// The fields of each record.
    let fields: [AvroSchema.Field]
    /// The file's metadata with Avro's own.
    let metadata: [String: String]
    private var decoder: AvroDecoder
    private let sync: [UInt8]
    private let isDeflated: Bool

    /// The records of a block, one after the other.
    struct Block {
        let count: Int
        var decoder: AvroDecoder

        /// To be called when all records have been read.
        func checkEnd() throws(IcebergError) {
            guard decoder.isAtEnd else { throw decoder.fault("a block has more bytes than its records") }
        }
    }

    private static let magic: [UInt8] = [0x4F, 0x62, 0x6A, 0x01]
    private static let syncSize = 16
    /// What a block may unpack to. A manifest of a million files has some 200 MB, in many blocks.
    private static let blockLimit = 256 << 20

    init(_ bytes: [UInt8]) throws(IcebergError) {
        var decoder = AvroDecoder(bytes)
        guard bytes.starts(with: Self.magic) else { throw decoder.fault("it does not begin with 'Obj' and 1") }
        _ = try decoder.take(Self.magic.count)
        guard case .map(let header) = try decoder.read(.map(.bytes)) else { throw decoder.fault("it has no metadata") }
        sync = try decoder.take(Self.syncSize)
        var metadata: [String: String] = [:]
        for (key, value) in header { metadata[key] = value.bytes.map { String(decoding: $0, as: UTF8.self) } }
        let text: JSON
        do throws(JSONError) {
            text = try JSON(parsing: metadata["avro.schema"] ?? "")
        } catch {
            throw .avro(reason: "its schema is \(error)", byte: 0)
        }
        let schema = try AvroSchema(text)
        guard case .record(let fields) = schema else { throw decoder.fault("its schema is no record") }
        let codec = metadata["avro.codec"] ?? "null"
        guard codec == "null" || codec == "deflate" else {
            throw .unsupported("the codec \(codec) of an Avro file; null and deflate are read, and")
        }
        isDeflated = codec == "deflate"
        self.fields = fields
        self.metadata = metadata
        self.decoder = decoder
    }

    /// - Returns: nil at the file's end.
    mutating func nextBlock() throws(IcebergError) -> Block? {
        guard !decoder.isAtEnd else { return nil }
        let count = try decoder.long()
        let start = decoder.position
        let packed = try decoder.sized()
        let block = isDeflated ? try Self.inflated(packed, at: start) : packed
        guard try decoder.take(Self.syncSize) == sync else {
            throw decoder.fault("a block does not end in the sync mark")
        }
        guard count >= 0, count <= block.count else { throw decoder.fault("a block claims \(count) records") }
        return Block(count: Int(count), decoder: AvroDecoder(block, origin: start))
    }

    /// The bytes of a file with one block.
    /// - Parameters:
    ///   - schema: of a record.
    ///   - sync: the mark after each block; derived from the content where the same content must give the same bytes.
    ///   - write: writes the records.
    static func bytes(
        schema: JSON, metadata: [(String, String)], recordCount: Int, sync: [UInt8],
        write: (_ block: inout AvroEncoder, _ schema: AvroSchema) -> Void
    ) throws(IcebergError) -> [UInt8] {
        let parsed = try AvroSchema(schema)
        var header = AvroEncoder()
        header.append(magic)
        let entries = [("avro.schema", schema.text), ("avro.codec", "deflate")] + metadata
        header.write(Int64(entries.count))
        for (key, value) in entries {
            header.write(sized: key.utf8)
            header.write(sized: value.utf8)
        }
        header.write(0)
        header.append(sync)
        guard recordCount > 0 else { return header.bytes }
        var block = AvroEncoder()
        write(&block, parsed)
        header.write(Int64(recordCount))
        header.write(sized: Self.deflated(block.bytes))
        header.append(sync)
        return header.bytes
    }

    // zlib works on memory that it is given; both calls hold it only while they run.

    private static func inflated(_ packed: [UInt8], at origin: Int) throws(IcebergError) -> [UInt8] {
        var stream = z_stream()
        guard inflateInit2_(&stream, -MAX_WBITS, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
            throw .avro(reason: "zlib has no memory", byte: origin)
        }
        defer { inflateEnd(&stream) }
        var input = packed
        var output: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 64 << 10)
        var status = Z_OK
        input.withUnsafeMutableBufferPointer { source in
            stream.next_in = source.baseAddress
            stream.avail_in = UInt32(source.count)
            while status == Z_OK, output.count <= blockLimit {
                piece.withUnsafeMutableBufferPointer { target in
                    stream.next_out = target.baseAddress
                    stream.avail_out = UInt32(target.count)
                    status = inflate(&stream, Z_NO_FLUSH)
                    output += target[..<(target.count - Int(stream.avail_out))]
                }
            }
        }
        guard status == Z_STREAM_END else {
            let reason = output.count > blockLimit ? "unpacks to more than \(blockLimit) bytes" : "cannot be unpacked"
            throw .avro(reason: "a block \(reason)", byte: origin)
        }
        return output
    }

    private static func deflated(_ bytes: [UInt8]) -> [UInt8] {
        var stream = z_stream()
        let started = deflateInit2_(
            &stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
            Int32(MemoryLayout<z_stream>.size))
        precondition(started == Z_OK, "zlib has no memory")
        defer { deflateEnd(&stream) }
        var input = bytes
        var output = [UInt8](repeating: 0, count: Int(deflateBound(&stream, UInt(bytes.count))))
        input.withUnsafeMutableBufferPointer { source in
            output.withUnsafeMutableBufferPointer { target in
                stream.next_in = source.baseAddress
                stream.avail_in = UInt32(source.count)
                stream.next_out = target.baseAddress
                stream.avail_out = UInt32(target.count)
                let status = deflate(&stream, Z_FINISH)
                precondition(status == Z_STREAM_END, "deflateBound gave too little room")
            }
        }
        return Array(output[..<(output.count - Int(stream.avail_out))])
    }
}
