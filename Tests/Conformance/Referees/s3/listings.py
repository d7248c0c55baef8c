"""Listings and versions."""
import threading

from calls import body, bucket, check, fails, md5, raw, s3


@check
def listings_have_pages_and_common_prefixes():
    name = bucket()
    keys = sorted(["a/1", "a/2", "b/c/1", "b/d/2", "x", "y z", "é", "zz"], key=lambda k: k.encode())
    for key in keys: s3.put_object(Bucket=name, Key=key, Body=key.encode())
    everything = s3.list_objects_v2(Bucket=name)
    assert [o["Key"] for o in everything["Contents"]] == keys and everything["KeyCount"] == len(keys)
    assert everything["Contents"][0]["Size"] == 3 and everything["Contents"][0]["ETag"] == f'"{md5(b"a/1")}"'
    assert everything["Contents"][0]["StorageClass"] == "STANDARD" and not everything["IsTruncated"]
    folded = s3.list_objects_v2(Bucket=name, Delimiter="/")
    assert [p["Prefix"] for p in folded["CommonPrefixes"]] == ["a/", "b/"]
    assert [o["Key"] for o in folded["Contents"]] == ["x", "y z", "zz", "é"]
    deeper = s3.list_objects_v2(Bucket=name, Delimiter="/", Prefix="b/")
    assert [p["Prefix"] for p in deeper["CommonPrefixes"]] == ["b/c/", "b/d/"] and "Contents" not in deeper
    for version in ("list_objects_v2", "list_objects"):
        for size in (1, 2, 3):
            page_size = {"PageSize": size}
            pages = list(s3.get_paginator(version).paginate(Bucket=name, PaginationConfig=page_size))
            assert [o["Key"] for p in pages for o in p.get("Contents", [])] == keys, (version, size)
            pages = list(s3.get_paginator(version).paginate(Bucket=name, Delimiter="/", PaginationConfig=page_size))
            assert [o["Key"] for p in pages for o in p.get("Contents", [])] == ["x", "y z", "zz", "é"], (version, size)
            assert [c["Prefix"] for p in pages for c in p.get("CommonPrefixes", [])] == ["a/", "b/"], (version, size)
    assert [o["Key"] for o in s3.list_objects_v2(Bucket=name, StartAfter="x")["Contents"]] == ["y z", "zz", "é"]
    assert [o["Key"] for o in s3.list_objects(Bucket=name, Marker="y z")["Contents"]] == ["zz", "é"]
    none = s3.list_objects_v2(Bucket=name, MaxKeys=0)
    assert not none["IsTruncated"] and none["KeyCount"] == 0
    assert s3.list_objects_v2(Bucket=name, FetchOwner=True)["Contents"][0]["Owner"]["ID"]
    fails("InvalidArgument", 400, s3.list_objects_v2, Bucket=name, ContinuationToken="")
    status, _, content = raw("GET", f"/{name}?list-type=2&max-keys=minus")
    assert status == 400 and b"InvalidArgument" in content
    status, _, content = raw("GET", f"/{name}?list-type=2&prefix=y+z")
    assert b"<Key>y z</Key>" in content and b"<Prefix>y z</Prefix>" in content


@check
def a_thousand_keys_make_a_page():
    name = bucket()
    threads = [
        threading.Thread(target=lambda part=part: [
            s3.put_object(Bucket=name, Key=f"{n:05}", Body=b"") for n in range(part, 1010, 5)]) for part in range(5)]
    for thread in threads: thread.start()
    for thread in threads: thread.join()
    page = s3.list_objects_v2(Bucket=name, MaxKeys=5000)
    assert page["KeyCount"] == 1000 and page["IsTruncated"] and page["MaxKeys"] == 1000
    rest = s3.list_objects_v2(Bucket=name, ContinuationToken=page["NextContinuationToken"])
    assert [o["Key"] for o in page["Contents"] + rest["Contents"]] == [f"{n:05}" for n in range(1010)]

@check
def versions_are_stored_and_deleted_one_by_one():
    name = bucket(versioned=True)
    assert s3.get_bucket_versioning(Bucket=name)["Status"] == "Enabled"
    first = s3.put_object(Bucket=name, Key="k", Body=b"1")["VersionId"]
    second = s3.put_object(Bucket=name, Key="k", Body=b"2")["VersionId"]
    assert first != second and body(s3.get_object(Bucket=name, Key="k")) == b"2"
    assert body(s3.get_object(Bucket=name, Key="k", VersionId=first)) == b"1"
    marker = s3.delete_object(Bucket=name, Key="k")
    assert marker["DeleteMarker"] and marker["VersionId"]
    answer = fails("NoSuchKey", 404, s3.get_object, Bucket=name, Key="k")
    assert answer["ResponseMetadata"]["HTTPHeaders"]["x-amz-delete-marker"] == "true"
    fails("MethodNotAllowed", 405, s3.get_object, Bucket=name, Key="k", VersionId=marker["VersionId"])
    listing = s3.list_object_versions(Bucket=name)
    assert [(v["VersionId"], v["IsLatest"]) for v in listing["Versions"]] == [(second, False), (first, False)]
    assert [(d["VersionId"], d["IsLatest"]) for d in listing["DeleteMarkers"]] == [(marker["VersionId"], True)]
    assert "Contents" not in s3.list_objects_v2(Bucket=name)
    pages = s3.get_paginator("list_object_versions").paginate(Bucket=name, PaginationConfig={"PageSize": 1})
    assert [v["VersionId"] for p in pages for v in p.get("Versions", [])] == [second, first]
    assert s3.delete_object(Bucket=name, Key="k", VersionId=marker["VersionId"])["DeleteMarker"]
    assert body(s3.get_object(Bucket=name, Key="k")) == b"2"
    s3.delete_object(Bucket=name, Key="k", VersionId=second)
    assert body(s3.get_object(Bucket=name, Key="k")) == b"1"
    fails("NoSuchVersion", 404, s3.get_object, Bucket=name, Key="k", VersionId=second)
    fails("BucketNotEmpty", 409, s3.delete_bucket, Bucket=name)
    copied = s3.copy_object(Bucket=name, Key="c", CopySource={"Bucket": name, "Key": "k", "VersionId": first})
    assert copied["CopySourceVersionId"] == first


@check
def suspended_versioning_writes_the_null_version():
    name = bucket()
    s3.put_object(Bucket=name, Key="k", Body=b"0")
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    first = s3.put_object(Bucket=name, Key="k", Body=b"1")["VersionId"]
    assert body(s3.get_object(Bucket=name, Key="k", VersionId="null")) == b"0"
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Suspended"})
    s3.put_object(Bucket=name, Key="k", Body=b"2")
    assert sorted(v["VersionId"] for v in s3.list_object_versions(Bucket=name)["Versions"]) == sorted([first, "null"])
    assert body(s3.get_object(Bucket=name, Key="k", VersionId="null")) == b"2"
    assert s3.delete_object(Bucket=name, Key="k")["VersionId"] == "null"
    assert [v["VersionId"] for v in s3.list_object_versions(Bucket=name)["Versions"]] == [first]
