internal import EmulatorCore

extension S3 {
    /// The index. Keys sort by their UTF-8 bytes, as in S3.
    package static let schema = [
        """
        CREATE TABLE IF NOT EXISTS s3_bucket (
            name TEXT PRIMARY KEY, created_at INTEGER NOT NULL, versioning TEXT NOT NULL) STRICT, WITHOUT ROWID;
        CREATE TABLE IF NOT EXISTS s3_configuration (
            bucket TEXT NOT NULL, name TEXT NOT NULL, document BLOB NOT NULL, PRIMARY KEY (bucket, name)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE IF NOT EXISTS s3_notification (
            bucket TEXT NOT NULL, position INTEGER NOT NULL, id TEXT NOT NULL, function TEXT NOT NULL,
            events TEXT NOT NULL, prefix TEXT NOT NULL, suffix TEXT NOT NULL, PRIMARY KEY (bucket, position)
        ) STRICT, WITHOUT ROWID;
        """,
        // The versions of a key are ordered by sequence. Bytes are in another table, so that an update rewrites only
        // the row.
        """
        CREATE TABLE IF NOT EXISTS s3_object (
            sequence INTEGER PRIMARY KEY AUTOINCREMENT, bucket TEXT NOT NULL, key TEXT NOT NULL, version TEXT NOT NULL,
            is_latest INTEGER NOT NULL, is_delete_marker INTEGER NOT NULL, size INTEGER NOT NULL, etag TEXT NOT NULL,
            modified INTEGER NOT NULL, headers TEXT NOT NULL, tags TEXT NOT NULL, checksum_algorithm TEXT,
            checksum TEXT, checksum_scope TEXT, part_count INTEGER NOT NULL) STRICT;
        CREATE UNIQUE INDEX IF NOT EXISTS s3_object_latest ON s3_object (bucket, key) WHERE is_latest;
        CREATE UNIQUE INDEX IF NOT EXISTS s3_object_version ON s3_object (bucket, key, version);
        CREATE INDEX IF NOT EXISTS s3_object_history ON s3_object (bucket, key, sequence DESC);
        CREATE TABLE IF NOT EXISTS s3_content (object INTEGER PRIMARY KEY, bytes BLOB NOT NULL) STRICT;
        CREATE TABLE IF NOT EXISTS s3_segment (
            object INTEGER NOT NULL, position INTEGER NOT NULL, file TEXT NOT NULL, size INTEGER NOT NULL,
            checksum TEXT, PRIMARY KEY (object, position)) STRICT, WITHOUT ROWID;
        CREATE INDEX IF NOT EXISTS s3_segment_file ON s3_segment (file);
        """,
        """
        CREATE TABLE IF NOT EXISTS s3_upload (
            id TEXT PRIMARY KEY, bucket TEXT NOT NULL, key TEXT NOT NULL, started_at INTEGER NOT NULL,
            headers TEXT NOT NULL, tags TEXT NOT NULL, checksum_algorithm TEXT, checksum_scope TEXT) STRICT;
        CREATE INDEX IF NOT EXISTS s3_upload_key ON s3_upload (bucket, key, id);
        CREATE TABLE IF NOT EXISTS s3_part (
            upload TEXT NOT NULL, number INTEGER NOT NULL, file TEXT NOT NULL, size INTEGER NOT NULL,
            etag TEXT NOT NULL, modified INTEGER NOT NULL, checksum TEXT, PRIMARY KEY (upload, number)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX IF NOT EXISTS s3_part_file ON s3_part (file);
        """, Completion.schema,
    ]
}
