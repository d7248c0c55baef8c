internal import Control
internal import JSON

/// What is wrong with a record's file, for a line that names the file: without the file's own address.
enum ErrorText {
    static func of(_ record: ControlRecord) -> String {
        of(record.errorType, record.errorMessage, bucket: record.bucket, key: record.objectKey)
    }

    /// - Parameter record: the document of one.
    static func of(_ record: JSON) -> String {
        of(
            record["error_type"]?.string, record["error_message"]?.string, bucket: record["bucket"]?.string ?? "",
            key: record["object_key"]?.string ?? "")
    }

    private static func of(_ type: String?, _ message: String?, bucket: String, key: String) -> String {
        let address = "s3://\(bucket)/\(key): "
        let rest = message.map { $0.hasPrefix(address) ? String($0.dropFirst(address.count)) : $0 }
        return [type, rest].compactMap(\.self).joined(separator: ": ")
    }
}
