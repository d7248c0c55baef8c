internal import EmulatorCore

/// A `PutRecordBatch` request as SDKs write it, read in place. Producers send thousands of these.
struct PlainPutRecordBatch {
    private(set) var stream = ""
    private(set) var records: [ArraySlice<UInt8>] = []

    /// - Returns: nil for a body that has anything else in it, such as an escape or something to refuse.
    init?(_ body: [UInt8]) {
        var places: [Range<Int>] = []
        places.reserveCapacity(FirehoseService.batchRecordsLimit)
        let data = body.withUnsafeBufferPointer { text in
            DecodedBytes.of(text.count) { decoded in
                var json = PlainJSON(text)
                let isPlain = json.object { json, name in
                    if json.equals(name, "DeliveryStreamName") {
                        guard let range = json.string() else { return false }
                        stream = json.text(range)
                        return true
                    }
                    guard json.equals(name, "Records"), places.isEmpty else { return false }
                    return json.array { json in
                        var place: Range<Int>?
                        let isPlain = json.object { json, name in
                            guard json.equals(name, "Data"), place == nil, let text = json.string() else {
                                return false
                            }
                            place = decoded.append(json.bytes(text))
                            return place != nil
                        }
                        guard isPlain, let place, place.count <= FirehoseService.recordLimit else { return false }
                        places.append(place)
                        return true
                    }
                }
                return isPlain && json.isAtEnd
            }
        }
        guard let data, !stream.isEmpty, data.count <= FirehoseService.batchLimit,
            1...FirehoseService.batchRecordsLimit ~= places.count
        else { return nil }
        records = places.map { data[$0] }
    }

    /// The document with the IDs of the records.
    static func answer(_ numbers: ClosedRange<Int64>, isEncrypted: Bool) -> [UInt8] {
        TextWriter.bytes(capacity: 80 + numbers.count * 40) { text in
            text.append("{\"FailedPutCount\":0,\"Encrypted\":\(isEncrypted),\"RequestResponses\":[")
            for number in numbers {
                if number > numbers.lowerBound { text.append(",") }
                text.append("{\"RecordId\":\"")
                IncomingRecord.appendID(ofPut: number, to: &text)
                text.append("\"}")
            }
            text.append("]}")
        }
    }
}
