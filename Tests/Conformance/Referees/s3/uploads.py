"""Multipart uploads."""
import hashlib, io, os

from calls import body, bucket, check, fails, md5, s3


@check
def thirty_megabytes_are_uploaded_in_parts():
    name, content = bucket(), os.urandom(30 << 20)
    s3.upload_fileobj(io.BytesIO(content), name, "big", ExtraArgs={"ContentType": "x/y", "Metadata": {"m": "1"}})
    got = s3.get_object(Bucket=name, Key="big")
    assert body(got) == content and got["ContentType"] == "x/y" and got["Metadata"] == {"m": "1"}
    parts = [content[i:i + (8 << 20)] for i in range(0, len(content), 8 << 20)]
    tag = md5(b"".join(hashlib.md5(p).digest() for p in parts))
    assert got["ETag"] == f'"{tag}-{len(parts)}"', got["ETag"]
    second = s3.get_object(Bucket=name, Key="big", PartNumber=2)
    assert body(second) == parts[1] and second["PartsCount"] == 4
    assert body(s3.get_object(Bucket=name, Key="big", Range="bytes=8388600-8388700")) == content[8388600:8388701]
    target = io.BytesIO()
    s3.download_fileobj(name, "big", target)
    assert target.getvalue() == content


@check
def uploads_follow_the_rules():
    name = bucket()
    part = os.urandom(5 << 20)
    upload = s3.create_multipart_upload(Bucket=name, Key="k")["UploadId"]
    assert [u["UploadId"] for u in s3.list_multipart_uploads(Bucket=name)["Uploads"]] == [upload]
    fails("NoSuchKey", 404, s3.get_object, Bucket=name, Key="k")
    tags = {}
    for number, content in ((3, b"last"), (1, part), (2, b"replaced"), (2, part)):
        answer = s3.upload_part(Bucket=name, Key="k", UploadId=upload, PartNumber=number, Body=content)
        tags[number] = answer["ETag"]
    listing = s3.list_parts(Bucket=name, Key="k", UploadId=upload)
    assert [(p["PartNumber"], p["ETag"]) for p in listing["Parts"]] == sorted(tags.items())
    paged = s3.list_parts(Bucket=name, Key="k", UploadId=upload, MaxParts=2)
    assert paged["IsTruncated"] and paged["NextPartNumberMarker"] == 2

    def complete(*numbers, tag=None):
        parts = [{"PartNumber": n, "ETag": tag or tags.get(n, '"none"')} for n in numbers]
        return s3.complete_multipart_upload(Bucket=name, Key="k", UploadId=upload, MultipartUpload={"Parts": parts})

    fails("InvalidArgument", 400, s3.upload_part, Bucket=name, Key="k", UploadId=upload, PartNumber=10001, Body=b"x")
    fails("InvalidPartOrder", 400, complete, 2, 1)
    fails("InvalidPart", 400, complete, 1, 4)
    fails("InvalidPart", 400, complete, 1, tag='"0123"')
    answer = complete(1, 2)
    assert answer["ETag"].endswith('-2"') and answer["Key"] == "k" and answer["Bucket"] == name
    assert body(s3.get_object(Bucket=name, Key="k")) == part + part
    assert "Uploads" not in s3.list_multipart_uploads(Bucket=name)
    small = s3.create_multipart_upload(Bucket=name, Key="k")["UploadId"]
    few = []
    for number in (1, 2):
        answer = s3.upload_part(Bucket=name, Key="k", UploadId=small, PartNumber=number, Body=b"x")
        few.append({"PartNumber": number, "ETag": answer["ETag"]})
    fails(
        "EntityTooSmall", 400, s3.complete_multipart_upload, Bucket=name, Key="k", UploadId=small,
        MultipartUpload={"Parts": few})
    s3.abort_multipart_upload(Bucket=name, Key="k", UploadId=small)
    fails("NoSuchUpload", 404, s3.list_parts, Bucket=name, Key="k", UploadId=small)
    fails("NoSuchUpload", 404, s3.upload_part, Bucket=name, Key="k", UploadId=small, PartNumber=1, Body=b"x")
    fails("NoSuchUpload", 404, s3.abort_multipart_upload, Bucket=name, Key="k", UploadId=small)


@check
def parts_are_copied():
    name = bucket()
    content = os.urandom(6 << 20)
    s3.put_object(Bucket=name, Key="source", Body=content)
    upload = s3.create_multipart_upload(Bucket=name, Key="k")["UploadId"]
    parts = []
    for number, span in ((1, "bytes=0-5242879"), (2, "bytes=5242880-6291455")):
        answer = s3.upload_part_copy(
            Bucket=name, Key="k", UploadId=upload, PartNumber=number, CopySource=f"{name}/source", CopySourceRange=span)
        parts.append({"PartNumber": number, "ETag": answer["CopyPartResult"]["ETag"]})
    s3.complete_multipart_upload(Bucket=name, Key="k", UploadId=upload, MultipartUpload={"Parts": parts})
    assert body(s3.get_object(Bucket=name, Key="k")) == content
