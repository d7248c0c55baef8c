"""Checksums that S3 adds, the ownership of new buckets, and uploads by forms."""
import base64, os, tempfile, zlib

from calls import bucket, check, client, fails, raw, s3


@check
def an_object_without_a_checksum_of_the_client_has_s3s_own():
    name, plain = bucket(), client("s3", request_checksum_calculation="when_required")
    body = b"abc"
    put = plain.put_object(Bucket=name, Key="one", Body=body)
    assert put["ChecksumCRC64NVME"] and put["ChecksumType"] == "FULL_OBJECT", put
    head = plain.head_object(Bucket=name, Key="one", ChecksumMode="ENABLED")
    assert head["ChecksumCRC64NVME"] == put["ChecksumCRC64NVME"]
    upload = plain.create_multipart_upload(Bucket=name, Key="two")
    assert "ChecksumAlgorithm" not in upload, upload
    parts = []
    for number, part in enumerate([b"x" * (5 << 20), body], 1):
        sent = plain.upload_part(Bucket=name, Key="two", UploadId=upload["UploadId"], PartNumber=number, Body=part)
        parts.append({"PartNumber": number, "ETag": sent["ETag"]})
    end = dict(Bucket=name, Key="two", UploadId=upload["UploadId"], MultipartUpload={"Parts": parts})
    done = plain.complete_multipart_upload(**end)
    assert done["ChecksumType"] == "FULL_OBJECT", done
    # A client that lost the answer asks again.
    again = plain.complete_multipart_upload(**end)
    assert (again["ETag"], again["ChecksumCRC64NVME"]) == (done["ETag"], done["ChecksumCRC64NVME"]), again
    whole = plain.put_object(Bucket=name, Key="three", Body=b"x" * (5 << 20) + body)
    assert whole["ChecksumCRC64NVME"] == done["ChecksumCRC64NVME"]
    about = plain.get_object_attributes(Bucket=name, Key="two", ObjectAttributes=["Checksum", "ObjectParts"])
    assert about["ObjectParts"]["TotalPartsCount"] == 2 and about["Checksum"]["ChecksumType"] == "FULL_OBJECT", about
    listed = {o["Key"]: o["ChecksumAlgorithm"] for o in plain.list_objects_v2(Bucket=name)["Contents"]}
    assert listed == {k: ["CRC64NVME"] for k in ("one", "two", "three")}, listed


@check
def an_upload_of_a_large_file_has_the_clients_checksum_of_the_whole():
    name, body = bucket(), os.urandom(20 << 20)
    crc = base64.b64encode(zlib.crc32(body).to_bytes(4, "big")).decode()
    with tempfile.NamedTemporaryFile() as file:
        file.write(body)
        file.flush()
        s3.upload_file(file.name, name, "big", ExtraArgs={"ChecksumCRC32": crc})
    head = s3.head_object(Bucket=name, Key="big", ChecksumMode="ENABLED")
    assert (head["ChecksumCRC32"], head["ChecksumType"]) == (crc, "FULL_OBJECT"), head


@check
def a_new_bucket_takes_no_acls_and_blocks_public_access():
    name = bucket()
    rule = s3.get_bucket_ownership_controls(Bucket=name)["OwnershipControls"]["Rules"]
    assert rule == [{"ObjectOwnership": "BucketOwnerEnforced"}], rule
    assert all(s3.get_public_access_block(Bucket=name)["PublicAccessBlockConfiguration"].values())
    put = dict(Bucket=name, Key="a", Body=b"1")
    fails("AccessControlListNotSupported", 400, s3.put_object, **put, ACL="public-read")
    fails("AccessControlListNotSupported", 400, s3.put_bucket_acl, Bucket=name, ACL="public-read")
    s3.put_object(**put, ACL="bucket-owner-full-control")
    s3.put_bucket_ownership_controls(
        Bucket=name, OwnershipControls={"Rules": [{"ObjectOwnership": "BucketOwnerPreferred"}]})
    s3.put_object(**put, ACL="public-read")
    fails("InvalidLocationConstraint", 400, s3.create_bucket, Bucket=name + "-east",
          CreateBucketConfiguration={"LocationConstraint": "us-east-1"})


@check
def a_form_is_stored_if_its_policy_allows_it():
    name = bucket()

    def post(key="in/${filename}", file=b"hello", extra=(), drop=(), conditions=(), expires=60, **fields):
        form = s3.generate_presigned_post(
            name, key, Fields=fields, ExpiresIn=expires, Conditions=[{n: v} for n, v in fields.items()] + list(conditions))
        items = [(n, v) for n, v in form["fields"].items() if n not in drop] + list(extra)
        body = b"".join(f'--XX\r\nContent-Disposition: form-data; name="{n}"\r\n\r\n{v}\r\n'.encode() for n, v in items)
        body += b'--XX\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\n' + file + b"\r\n--XX--\r\n"
        return raw("POST", "/" + name, body, {"Content-Type": "multipart/form-data; boundary=XX"})

    status, headers, _ = post(**{"x-amz-meta-color": "red"})
    assert status == 204 and headers["ETag"], status
    got = s3.get_object(Bucket=name, Key="in/a.txt")
    assert got["Body"].read() == b"hello" and got["Metadata"] == {"color": "red"}, got
    status, _, content = post(success_action_status="201")
    assert status == 201 and b"<Key>in/a.txt</Key>" in content, content
    status, headers, _ = post(success_action_redirect="http://127.0.0.1/done")
    assert status == 303 and headers["Location"].startswith(f"http://127.0.0.1/done?bucket={name}&key="), headers
    status, _, content = post(extra=[("acl", "private")])
    assert status == 403 and b"Extra input fields: acl" in content, content
    status, _, content = post(expires=-5)
    assert status == 403 and b"Policy expired." in content, content
    status, _, content = post(conditions=[["content-length-range", 1, 4]])
    assert status == 400 and b"EntityTooLarge" in content, content
    status, _, content = post(conditions=[["starts-with", "$Content-Type", "image/"]], extra=[("Content-Type", "text/plain")])
    assert status == 403 and b"Policy Condition failed" in content, content
    status, _, content = post(drop=["key"])
    assert status == 400 and b"InvalidArgument" in content, content
