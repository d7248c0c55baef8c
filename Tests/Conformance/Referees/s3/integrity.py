"""Checksums, chunked payloads, and broken connections."""
import base64, hashlib, os, socket, time, zlib

from calls import address, body, bucket, check, fails, raw, s3


@check
def every_checksum_is_verified_and_stored():
    name, content = bucket(), os.urandom(100_000)
    right = {
        "CRC32": zlib.crc32(content).to_bytes(4, "big"), "SHA1": hashlib.sha1(content).digest(),
        "SHA256": hashlib.sha256(content).digest(),
    }
    for algorithm, value in right.items():
        text = base64.b64encode(value).decode()
        put = s3.put_object(Bucket=name, Key="k", Body=content, **{"Checksum" + algorithm: text})
        assert put["Checksum" + algorithm] == text
        got = s3.get_object(Bucket=name, Key="k", ChecksumMode="ENABLED")
        assert got["Checksum" + algorithm] == text and body(got) == content
        assert s3.head_object(Bucket=name, Key="k", ChecksumMode="ENABLED")["Checksum" + algorithm] == text
        wrong = base64.b64encode(bytes(len(value))).decode()
        fails("BadDigest", 400, s3.put_object, Bucket=name, Key="bad", Body=content, **{"Checksum" + algorithm: wrong})
    for algorithm, check_value in (("crc32c", "4waSgw=="), ("crc64nvme", "rosUhgp5mIg=")):
        status, headers, answer = raw("PUT", f"/{name}/k", b"123456789", {"x-amz-checksum-" + algorithm: check_value})
        assert status == 200 and headers["x-amz-checksum-" + algorithm] == check_value, (algorithm, status, answer)
        status, _, answer = raw("PUT", f"/{name}/bad", b"123456780", {"x-amz-checksum-" + algorithm: check_value})
        assert status == 400 and b"BadDigest" in answer, (algorithm, status, answer)
    fails("404", 404, s3.head_object, Bucket=name, Key="bad")
    wrong = base64.b64encode(bytes(16)).decode()
    fails("BadDigest", 400, s3.put_object, Bucket=name, Key="bad", Body=content, ContentMD5=wrong)
    fails("InvalidDigest", 400, s3.put_object, Bucket=name, Key="bad", Body=content, ContentMD5="short")
    status, _, answer = raw("PUT", f"/{name}/bad", content, {"x-amz-content-sha256": "0" * 64})
    assert status == 400 and b"XAmzContentSHA256Mismatch" in answer


@check
def chunked_payloads_are_decoded():
    name = bucket()
    content = os.urandom(70_000)
    crc = base64.b64encode(zlib.crc32(content).to_bytes(4, "big")).decode()

    def send(signed, trailer, length=None):
        signature = b";chunk-signature=" + b"0" * 64 if signed else b""
        wrapped = b""
        for start in range(0, len(content), 65536):
            piece = content[start:start + 65536]
            wrapped += b"%x%s\r\n%s\r\n" % (len(piece), signature, piece)
        wrapped += b"0%s\r\n" % signature
        if trailer: wrapped += b"x-amz-checksum-crc32:%s\r\n" % trailer.encode()
        if signed and trailer: wrapped += b"x-amz-trailer-signature:" + b"0" * 64 + b"\r\n"
        wrapped += b"\r\n"
        kind = "STREAMING-" + ("AWS4-HMAC-SHA256-PAYLOAD" if signed else "UNSIGNED-PAYLOAD")
        if trailer: kind += "-TRAILER"
        headers = {
            "x-amz-content-sha256": kind, "Content-Encoding": "aws-chunked,gzip" if signed else "aws-chunked",
            "x-amz-decoded-content-length": str(len(content) if length is None else length)}
        if trailer: headers["x-amz-trailer"] = "x-amz-checksum-crc32"
        return raw("PUT", f"/{name}/k", wrapped, headers)

    for signed in (False, True):
        for trailer in (crc, None):
            status, headers, answer = send(signed, trailer)
            assert status == 200, (signed, trailer, status, answer)
            if trailer: assert headers["x-amz-checksum-crc32"] == crc
            got = s3.get_object(Bucket=name, Key="k")
            assert body(got) == content
            assert got.get("ContentEncoding") == ("gzip" if signed else None), got.get("ContentEncoding")
        status, _, answer = send(signed, "AAAAAA==")
        assert status == 400 and b"BadDigest" in answer, (status, answer)
        status, _, answer = send(signed, crc, length=69_999)
        assert status == 400 and b"IncompleteBody" in answer, (status, answer)


@check
def a_truncated_body_leaves_nothing():
    name = bucket()
    s3.put_object(Bucket=name, Key="k", Body=b"old")
    host, port = address.split(":")
    with socket.create_connection((host, int(port))) as connection:
        head = f"PUT /{name}/k HTTP/1.1\r\nHost: {address}\r\nContent-Length: 1000000\r\n\r\n"
        connection.sendall(head.encode() + b"x" * 500_000)
    time.sleep(0.2)
    assert body(s3.get_object(Bucket=name, Key="k")) == b"old"
