internal import EmulatorCore

/// A `PutRecords` request as SDKs write it, read in place. Producers send thousands of these.
struct PlainPutRecords {
    private(set) var stream = ""
    private(set) var records: [KinesisService.IncomingRecord] = []

    /// - Returns: nil for a body that has anything else in it, such as an escape or something to refuse.
    init?(_ body: [UInt8]) {
        var places: [(data: Range<Int>, partitionKey: String)] = []
        places.reserveCapacity(KinesisService.requestRecordsLimit)
        let data = body.withUnsafeBufferPointer { text in
            DecodedBytes.of(text.count) { decoded in
                var json = PlainJSON(text)
                let isPlain = json.object { json, name in
                    if json.equals(name, "StreamName") {
                        guard let range = json.string() else { return false }
                        stream = json.text(range)
                        return RequestReader.Rule.name.allows(stream)
                    }
                    guard json.equals(name, "Records"), places.isEmpty else { return false }
                    return json.array { json in
                        guard let place = Self.record(&json, &decoded) else { return false }
                        places.append(place)
                        return true
                    }
                }
                return isPlain && json.isAtEnd
            }
        }
        guard let data, !stream.isEmpty, 1...KinesisService.requestRecordsLimit ~= places.count else { return nil }
        var size = 0
        records.reserveCapacity(places.count)
        for (range, key) in places {
            let record = KinesisService.IncomingRecord(
                partitionKey: key, hashKey: HashKeyRange.hashKey(of: key), data: data[range])
            size += record.size
            records.append(record)
        }
        guard size <= KinesisService.requestSizeLimit else { return nil }
    }

    private static func record(
        _ json: inout PlainJSON, _ decoded: inout DecodedBytes
    ) -> (data: Range<Int>, partitionKey: String)? {
        var (data, key): (Range<Int>?, Range<Int>?) = (nil, nil)
        let isPlain = json.object { json, name in
            guard let value = json.string() else { return false }
            if json.equals(name, "PartitionKey"), key == nil {
                key = value
                return true
            }
            guard json.equals(name, "Data"), data == nil else { return false }
            data = decoded.append(json.bytes(value))
            return data != nil
        }
        guard isPlain, let data, let key, data.count + key.count <= KinesisService.recordLimit else { return nil }
        let partitionKey = json.text(key)
        return 1...256 ~= partitionKey.unicodeScalars.count ? (data, partitionKey) : nil
    }

    /// The document that says what became of the records.
    static func answer(
        _ placements: [KinesisService.Placement], of stream: StoredStream, _ account: Account
    ) -> [UInt8] {
        var refused = 0
        for case .refused in placements { refused += 1 }
        return TextWriter.bytes(capacity: 100 + placements.count * 128) { text in
            text.append("{\"FailedRecordCount\":")
            text.append(Int64(refused))
            text.append(",\"Records\":[")
            for (index, placement) in placements.enumerated() {
                if index > 0 { text.append(",") }
                switch placement {
                case .placed(let place):
                    text.append("{\"SequenceNumber\":\"")
                    text.append(atMost: SequenceNumber.digits) { place.write(into: $0) }
                    text.append("\",\"ShardId\":\"")
                    text.append(StoredShard.name(place.shard))
                    text.append("\"}")
                case .refused(let shard):
                    let fault = AWSFault.rateExceeded(StoredShard.name(shard), stream.name, account)
                    text.append("{\"ErrorCode\":")
                    text.append(json: fault.code)
                    text.append(",\"ErrorMessage\":")
                    text.append(json: fault.message)
                    text.append("}")
                }
            }
            text.append("]")
            if stream.keyID != nil {
                text.append(",\"EncryptionType\":")
                text.append(json: stream.encryptionType)
            }
            text.append("}")
        }
    }
}
