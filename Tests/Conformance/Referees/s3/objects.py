"""Objects: round trips and conditional requests."""
import datetime, os, threading

from botocore.exceptions import ClientError

from calls import body, bucket, check, fails, md5, raw, s3


@check
def an_object_is_returned_with_all_its_headers():
    name, content = bucket(), os.urandom(1000)
    began, second = datetime.datetime.now(datetime.timezone.utc), datetime.timedelta(seconds=1)
    put = s3.put_object(
        Bucket=name, Key="a/b c+d%20é~.txt", Body=content, ContentType="text/x-own", CacheControl="max-age=1",
        ContentDisposition="inline", ContentEncoding="identity", ContentLanguage="pt",
        Metadata={"Some-Name": "a value"})
    assert put["ETag"] == f'"{md5(content)}"'
    got = s3.get_object(Bucket=name, Key="a/b c+d%20é~.txt")
    assert body(got) == content
    for answer in (got, s3.head_object(Bucket=name, Key="a/b c+d%20é~.txt")):
        assert answer["ContentLength"] == 1000 and answer["ETag"] == put["ETag"]
        assert answer["ContentType"] == "text/x-own" and answer["CacheControl"] == "max-age=1"
        assert answer["ContentDisposition"] == "inline" and answer["ContentEncoding"] == "identity"
        assert answer["ContentLanguage"] == "pt" and answer["Metadata"] == {"some-name": "a value"}
        assert answer["AcceptRanges"] == "bytes" and "VersionId" not in answer
        assert began - second <= answer["LastModified"] <= datetime.datetime.now(datetime.timezone.utc) + second
    assert s3.get_object(Bucket=name, Key="a/b c+d%20é~.txt")["ContentType"] == "text/x-own"
    s3.put_object(Bucket=name, Key="plain", Body=b"x")
    assert s3.head_object(Bucket=name, Key="plain")["ContentType"].endswith("/octet-stream")


@check
def objects_of_every_size_are_returned():
    name = bucket()
    for size in [0, 1, 65535, 65536, 65537, 1 << 20, (9 << 20) + 7]:
        content = os.urandom(size)
        assert s3.put_object(Bucket=name, Key="k", Body=content)["ETag"] == f'"{md5(content)}"'
        assert body(s3.get_object(Bucket=name, Key="k")) == content, size
        assert s3.head_object(Bucket=name, Key="k")["ContentLength"] == size


@check
def a_missing_object_is_named():
    name = bucket()
    answer = fails("NoSuchKey", 404, s3.get_object, Bucket=name, Key="nö/thing")
    assert answer["Error"]["Key"] == "nö/thing" and answer["ResponseMetadata"]["RequestId"]
    fails("404", 404, s3.head_object, Bucket=name, Key="nothing")
    status, headers, content = raw("HEAD", f"/{name}/nothing")
    assert status == 404 and content == b"" and headers["x-amz-request-id"]
    s3.delete_object(Bucket=name, Key="nothing")
    fails("KeyTooLongError", 400, s3.put_object, Bucket=name, Key="x" * 1025, Body=b"")


@check
def keys_never_become_paths():
    name = bucket()
    plain = ["../../etc/passwd", "/leading", "a//b", "trailing/", ".", "..", "%2e%2e"]
    for key in plain + ["a\\b", "tab\there", "💾", "&<>\"'"]:
        s3.put_object(Bucket=name, Key=key, Body=key.encode())
        assert body(s3.get_object(Bucket=name, Key=key)) == key.encode(), key
        assert key in [o["Key"] for o in s3.list_objects_v2(Bucket=name)["Contents"]], key


@check
def ranges_are_cut_by_rfc_9110():
    name = bucket()
    for size in (10_000, 300_000):
        content = os.urandom(size)
        s3.put_object(Bucket=name, Key="k", Body=content)
        for text, expected in [
            ("bytes=0-0", content[:1]), ("bytes=5-", content[5:]), ("bytes=-7", content[-7:]),
            (f"bytes=9-{size + 5}", content[9:]), (f"bytes=-{size * 2}", content),
        ]:
            got = s3.get_object(Bucket=name, Key="k", Range=text)
            assert body(got) == expected, text
            assert got["ResponseMetadata"]["HTTPStatusCode"] == 206
            first = 0 if text == "bytes=0-0" else size - len(expected)
            assert got["ContentRange"] == f"bytes {first}-{first + len(expected) - 1}/{size}", got["ContentRange"]
        fails("InvalidRange", 416, s3.get_object, Bucket=name, Key="k", Range=f"bytes={size}-")
        assert len(body(s3.get_object(Bucket=name, Key="k", Range="chars=1-2"))) == size
        assert s3.head_object(Bucket=name, Key="k", Range="bytes=0-9")["ContentLength"] == 10
    s3.put_object(Bucket=name, Key="empty", Body=b"")
    fails("InvalidRange", 416, s3.get_object, Bucket=name, Key="empty", Range="bytes=0-")


@check
def reads_can_be_conditional():
    name = bucket()
    tag = s3.put_object(Bucket=name, Key="k", Body=b"x")["ETag"]
    now = datetime.datetime.now(datetime.timezone.utc)
    day = datetime.timedelta(days=1)
    s3.get_object(Bucket=name, Key="k", IfMatch=tag)
    s3.get_object(Bucket=name, Key="k", IfMatch="*")
    fails("PreconditionFailed", 412, s3.get_object, Bucket=name, Key="k", IfMatch='"other"')
    fails("304", 304, s3.get_object, Bucket=name, Key="k", IfNoneMatch=tag)
    s3.get_object(Bucket=name, Key="k", IfNoneMatch='"other"')
    fails("304", 304, s3.get_object, Bucket=name, Key="k", IfModifiedSince=now + day)
    s3.get_object(Bucket=name, Key="k", IfModifiedSince=now - day)
    fails("PreconditionFailed", 412, s3.get_object, Bucket=name, Key="k", IfUnmodifiedSince=now - day)
    s3.get_object(Bucket=name, Key="k", IfMatch=tag, IfUnmodifiedSince=now - day)
    s3.get_object(Bucket=name, Key="k", IfNoneMatch='"other"', IfModifiedSince=now - day)
    fails("304", 304, s3.get_object, Bucket=name, Key="k", IfNoneMatch=tag, IfModifiedSince=now - day)
    fails("304", 304, s3.head_object, Bucket=name, Key="k", IfNoneMatch=tag)
    fails("412", 412, s3.head_object, Bucket=name, Key="k", IfMatch='"other"')


@check
def writes_can_be_conditional():
    name = bucket()
    tag = s3.put_object(Bucket=name, Key="k", Body=b"1", IfNoneMatch="*")["ETag"]
    fails("PreconditionFailed", 412, s3.put_object, Bucket=name, Key="k", Body=b"2", IfNoneMatch="*")
    fails("PreconditionFailed", 412, s3.put_object, Bucket=name, Key="k", Body=b"2", IfMatch='"other"')
    s3.put_object(Bucket=name, Key="k", Body=b"2", IfMatch=tag)
    fails("NoSuchKey", 404, s3.put_object, Bucket=name, Key="new", Body=b"2", IfMatch=tag)
    won = []

    def race(number):
        try:
            s3.put_object(Bucket=name, Key="race", Body=b"%d" % number, IfNoneMatch="*")
            won.append(number)
        except ClientError as error:
            assert error.response["Error"]["Code"] in ("PreconditionFailed", "ConditionalRequestConflict")

    threads = [threading.Thread(target=race, args=(n,)) for n in range(8)]
    for thread in threads: thread.start()
    for thread in threads: thread.join()
    assert len(won) == 1 and body(s3.get_object(Bucket=name, Key="race")) == b"%d" % won[0]


@check
def a_response_can_be_overridden():
    name = bucket()
    s3.put_object(Bucket=name, Key="k", Body=b"x", ContentType="text/a")
    got = s3.get_object(
        Bucket=name, Key="k", ResponseContentType="text/b", ResponseContentDisposition="attachment",
        ResponseCacheControl="no-cache")
    assert got["ContentType"] == "text/b" and got["CacheControl"] == "no-cache"
    assert got["ContentDisposition"] == "attachment"


@check
def many_objects_are_deleted_at_once():
    name = bucket()
    for number in range(5): s3.put_object(Bucket=name, Key=f"k&{number}", Body=b"x")
    gone = [{"Key": f"k&{n}"} for n in range(3)] + [{"Key": "none"}]
    answer = s3.delete_objects(Bucket=name, Delete={"Objects": gone})
    assert sorted(d["Key"] for d in answer["Deleted"]) == ["k&0", "k&1", "k&2", "none"] and not answer.get("Errors")
    answer = s3.delete_objects(Bucket=name, Delete={"Objects": [{"Key": "k&3"}], "Quiet": True})
    assert "Deleted" not in answer
    assert [o["Key"] for o in s3.list_objects_v2(Bucket=name)["Contents"]] == ["k&4"]
    status, _, content = raw("POST", f"/{name}?delete", b"<Delete><Object>", {})
    assert status == 400 and b"MalformedXML" in content, (status, content)


@check
def objects_are_copied_with_or_without_their_headers():
    name, other = bucket(), bucket()
    for size in (10, 200_000):
        content = os.urandom(size)
        put = s3.put_object(Bucket=name, Key="source é+1", Body=content, ContentType="text/a", Metadata={"m": "1"})
        answer = s3.copy_object(Bucket=other, Key="copy", CopySource={"Bucket": name, "Key": "source é+1"})
        assert answer["CopyObjectResult"]["ETag"] == put["ETag"] and answer["CopyObjectResult"]["LastModified"]
        got = s3.get_object(Bucket=other, Key="copy")
        assert body(got) == content and got["ContentType"] == "text/a" and got["Metadata"] == {"m": "1"}
        s3.copy_object(
            Bucket=other, Key="copy", CopySource={"Bucket": name, "Key": "source é+1"}, MetadataDirective="REPLACE",
            ContentType="text/b", Metadata={"n": "2"})
        got = s3.get_object(Bucket=other, Key="copy")
        assert body(got) == content and got["ContentType"] == "text/b" and got["Metadata"] == {"n": "2"}
        s3.delete_object(Bucket=name, Key="source é+1")
        assert body(s3.get_object(Bucket=other, Key="copy")) == content
    fails("InvalidRequest", 400, s3.copy_object, Bucket=other, Key="copy", CopySource={"Bucket": other, "Key": "copy"})
    fails("NoSuchKey", 404, s3.copy_object, Bucket=other, Key="x", CopySource={"Bucket": name, "Key": "gone"})
    fails(
        "PreconditionFailed", 412, s3.copy_object, Bucket=other, Key="x", CopySource=f"{other}/copy",
        CopySourceIfMatch='"no"')


@check
def objects_carry_tags():
    name = bucket()
    s3.put_object(Bucket=name, Key="k", Body=b"x", Tagging="a=1&b=two%20words")
    assert s3.head_object(Bucket=name, Key="k").get("ResponseMetadata")
    assert s3.get_object(Bucket=name, Key="k")["TagCount"] == 2
    tags = s3.get_object_tagging(Bucket=name, Key="k")["TagSet"]
    assert sorted((t["Key"], t["Value"]) for t in tags) == [("a", "1"), ("b", "two words")]
    s3.put_object_tagging(Bucket=name, Key="k", Tagging={"TagSet": [{"Key": "c", "Value": ""}]})
    assert s3.get_object_tagging(Bucket=name, Key="k")["TagSet"] == [{"Key": "c", "Value": ""}]
    s3.delete_object_tagging(Bucket=name, Key="k")
    assert s3.get_object_tagging(Bucket=name, Key="k")["TagSet"] == []
    many = {"TagSet": [{"Key": str(n), "Value": ""} for n in range(11)]}
    fails("BadRequest", 400, s3.put_object_tagging, Bucket=name, Key="k", Tagging=many)
